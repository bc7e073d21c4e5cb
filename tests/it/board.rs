//! The board folds whatever an engine puts out.

use proptest::prelude::*;
use syncline::board::Board;

use crate::events::{Output, output};

/// Hands an engine's output to a board.
pub fn take(board: &mut Board, outputs: &[Output]) {
    for output in outputs {
        match output {
            Output::Event(event) => board.apply(event),
            Output::Progress(progress) => board.progress(progress),
        }
    }
}

proptest! {
    #[test]
    fn a_fold_continued_from_a_snapshot_ends_where_the_uninterrupted_one_does(
        outputs in output(), cut in any::<prop::sample::Index>(),
    ) {
        let mut whole = Board::new(25);
        take(&mut whole, &outputs);

        let cut = if outputs.is_empty() { 0 } else { cut.index(outputs.len()) };
        let mut first = Board::new(25);
        take(&mut first, &outputs[..cut]);
        let snapshot = first.snapshot();
        let as_taken = (*snapshot).clone();
        let mut second = Board::continued(snapshot.clone());
        take(&mut second, &outputs[cut..]);

        prop_assert_eq!(second.snapshot(), whole.snapshot());
        prop_assert_eq!(&*snapshot, &as_taken, "a snapshot handed out does not change");
    }

    #[test]
    fn events_that_are_included_already_change_nothing(outputs in output()) {
        let mut board = Board::new(25);
        take(&mut board, &outputs);
        let before = board.snapshot();
        for output in &outputs {
            if let Output::Event(event) = output {
                board.apply(event);
            }
        }
        prop_assert_eq!(before, board.snapshot());
    }
}
