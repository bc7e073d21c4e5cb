//! Nothing breaks the screen: no size, no key, no name.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use syncline::base::clock::Timestamp;
use syncline::base::escape::is_unsafe;
use syncline::base::random::Random;
use syncline::model::event::{Event, EventBody, Level, RunState};
use syncline::model::outcome::ErrorRecord;
use syncline::tui::view::{Overlay, View};

use super::{Robot, board_at, board_of};

#[test]
fn every_size_is_drawn() {
    let overlays = ["", "?", "F", "/text", "<enter>", "6"];
    for (position, keys) in overlays.iter().enumerate() {
        let mut robot = Robot::new(board_at(33.4));
        robot.press(keys);
        for width in (0..=120).step_by(1 + position % 3) {
            for height in (0..=40).step_by(1 + position) {
                robot.buffer(width, height);
            }
        }
    }
}

#[test]
fn any_input_is_survived() {
    let presses: usize = std::env::var("SYNCLINE_KEYS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let boards = [board_of([]), board_at(0.3), board_at(1.6), board_at(33.4), board_at(1e6)];
    let codes = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Backspace,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::End,
        KeyCode::Home,
        KeyCode::F(3),
        KeyCode::Null,
    ];
    let mut random = Random::from_seed(7);
    let mut robot = Robot::new(boards[0].clone());
    for press in 0..presses {
        let code = match random.below(3) {
            0 => codes[random.below(codes.len() as u64) as usize],
            1 => KeyCode::Char((b' ' + random.below(95) as u8) as char),
            _ => KeyCode::Char(char::from_u32(random.below(0x3000) as u32 + 0x20).unwrap_or('x')),
        };
        let modifiers = [KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT];
        robot.event(&KeyEvent::new(code, modifiers[random.below(8).saturating_sub(4) as usize]));
        if random.below(20) == 0 {
            robot.board = boards[random.below(boards.len() as u64) as usize].clone();
        }
        if press % 50 == 0 {
            robot.buffer(random.below(130) as u16, random.below(45) as u16);
        }
        if let Some(Overlay::Typing(_, line)) = &robot.view.overlay {
            assert!(line.chars().count() <= 200);
        }
    }
}

/// Events whose every text is this one.
fn told(text: &str) -> Vec<Event> {
    let s = || text.to_owned();
    let bodies = vec![
        EventBody::RunStateChanged { state: RunState::Running },
        EventBody::PassStarted {
            job: s(),
            pass: 1,
            source: s(),
            target: s(),
            resumed: false,
            tables: vec![s()],
        },
        EventBody::FindStarted { table: s(), strategy: s(), reason: s() },
        EventBody::SearchAdvanced {
            table: s(),
            trail: format!("x\n{text}"),
            depth: 1,
            splits: 1,
            queries: 1,
            found: 1,
            expected: 1,
        },
        EventBody::TableHeld { table: s(), hold: Some("id".to_owned()), reason: s(), deletes: 3 },
        EventBody::ErrorOccurred {
            error: ErrorRecord {
                class: "data".to_owned(),
                table: Some(s()),
                key: Some(s()),
                message: s(),
                hint: Some(s()),
            },
        },
        EventBody::MessageLogged { level: Level::Warning, table: Some(s()), text: s() },
    ];
    (1..).zip(bodies).map(|(seq, body)| Event { seq, at: Timestamp(seq as i64), body }).collect()
}

#[test]
fn nothing_that_moves_a_terminal_reaches_a_cell() {
    let long = "long ".repeat(200_000);
    let texts = [
        "\u{1b}[2J\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "\u{202e}evil\u{2066}",
        "\u{200b}\u{feff}",
        "漢字👩‍👩‍👧",
        "\r\n\t\u{8}",
        "\0",
        &long,
    ];
    for text in texts {
        let mut robot = Robot::new(board_of(&told(text)));
        for keys in ["", "<enter>", "3<enter>", "6", "?", "F"] {
            robot.view = View::default();
            robot.press(keys);
            for cell in robot.buffer(100, 30).content() {
                assert!(
                    !cell.symbol().chars().any(is_unsafe_on_screen),
                    "{:?} from {:?}",
                    cell.symbol(),
                    &text[..text.len().min(40)]
                );
            }
        }
    }
}

/// A joiner inside one character of several code points is drawn as part of it.
fn is_unsafe_on_screen(c: char) -> bool {
    is_unsafe(c) && c != '\u{200d}'
}

#[test]
fn two_hundred_tables_and_a_thousand_errors_stay_readable() {
    let tables: Vec<String> = (0..200).map(|n| format!("table_{n:03}")).collect();
    let mut bodies = vec![EventBody::PassStarted {
        job: "many".to_owned(),
        pass: 1,
        source: "a".to_owned(),
        target: "b".to_owned(),
        resumed: false,
        tables: tables.clone(),
    }];
    bodies.extend((0..1000).map(|n| EventBody::ErrorOccurred {
        error: ErrorRecord {
            class: "data".to_owned(),
            table: Some(tables[n % 200].clone()),
            key: Some(n.to_string()),
            message: format!("row {n} was refused"),
            hint: None,
        },
    }));
    let events: Vec<Event> =
        (1..).zip(bodies).map(|(seq, body)| Event { seq, at: Timestamp(seq as i64), body }).collect();
    let mut robot = Robot::new(board_of(&events));
    robot.press("G");
    let frame = robot.frame(80, 24);
    assert!(frame.contains("table_199") && frame.contains("Errors 1000/25"), "{frame}");
    robot.press("3<enter>");
    assert!(robot.frame(80, 24).contains("row 999 was refused"));
}
