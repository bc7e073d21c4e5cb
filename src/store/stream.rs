//! Rows on their way from a reader to a consumer: bounded, and ended by a positive mark.

use tokio::sync::mpsc;

use super::{Result, StoreError};
use crate::base::limits::BLOCKS_AHEAD_MAX;
use crate::base::planted::{Bug, is_planted};
use crate::model::block::RowBlock;

/// Blocks that may wait in a stream.
pub const ROWS_IN_FLIGHT: usize = BLOCKS_AHEAD_MAX;

enum Item {
    Block(RowBlock),
    End { rows: u64 },
    Failed(StoreError),
}

/// Makes a bounded stream; `operation` names it in messages.
pub fn row_channel(operation: impl Into<String>) -> (RowSender, RowStream) {
    let (sender, receiver) = mpsc::channel(ROWS_IN_FLIGHT);
    let stream = RowStream { receiver, operation: operation.into(), rows: 0, ended: false };
    (RowSender { sender }, stream)
}

/// The reader's end.
#[derive(Clone)]
pub struct RowSender {
    sender: mpsc::Sender<Item>,
}

/// The consumer went away; the reader may stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerGone;

/// What became of a block that was offered.
#[derive(Debug)]
pub enum Offered {
    /// It is on its way.
    Taken,
    /// The consumer is behind; here is the block again.
    Full(RowBlock),
    /// The consumer went away; the reader may stop.
    ConsumerGone,
}

impl RowSender {
    /// Hands a block over if the consumer is not behind; for readers that have better things to do than to wait.
    pub fn offer(&self, block: RowBlock) -> Offered {
        match self.sender.try_send(Item::Block(block)) {
            Ok(()) => Offered::Taken,
            Err(mpsc::error::TrySendError::Full(Item::Block(block))) => Offered::Full(block),
            Err(_) => Offered::ConsumerGone,
        }
    }

    /// Says how the read ended, if the consumer is not behind: with so many rows sent, or with an error. False when it
    /// has to be said again.
    pub fn offer_end(&self, end: std::result::Result<u64, StoreError>) -> bool {
        let item = match end {
            Ok(rows) => Item::End { rows },
            Err(error) => Item::Failed(error),
        };
        !matches!(self.sender.try_send(item), Err(mpsc::error::TrySendError::Full(_)))
    }

    /// Returns when the next item will be taken at once, or the consumer went away. Cancel-safe.
    pub async fn ready(&self) {
        let _ = self.sender.reserve().await;
    }

    /// Whether the consumer went away.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Hands a block over, waiting while the consumer is behind; for reader threads.
    pub fn send_blocking(&self, block: RowBlock) -> std::result::Result<(), ConsumerGone> {
        self.sender.blocking_send(Item::Block(block)).map_err(|_| ConsumerGone)
    }

    /// Says that `rows` rows were sent and that there are no more; for reader threads.
    pub fn end_blocking(self, rows: u64) {
        let _ = self.sender.blocking_send(Item::End { rows });
    }

    /// Says that the read failed; for reader threads.
    pub fn fail_blocking(self, error: StoreError) {
        let _ = self.sender.blocking_send(Item::Failed(error));
    }

    /// Hands a block over, waiting while the consumer is behind.
    pub async fn send(&self, block: RowBlock) -> std::result::Result<(), ConsumerGone> {
        self.sender.send(Item::Block(block)).await.map_err(|_| ConsumerGone)
    }

    /// Says that `rows` rows were sent and that there are no more.
    pub async fn end(self, rows: u64) {
        let _ = self.sender.send(Item::End { rows }).await;
    }

    /// Says that the read failed.
    pub async fn fail(self, error: StoreError) {
        let _ = self.sender.send(Item::Failed(error)).await;
    }
}

/// The consumer's end.
pub struct RowStream {
    receiver: mpsc::Receiver<Item>,
    operation: String,
    rows: u64,
    ended: bool,
}

impl RowStream {
    /// The next block, or none after the reader said that there are no more.
    ///
    /// A reader that goes away without saying so, or that sent another number of rows than it says, is an error: a
    /// short read is not the end of the data (trap 32).
    pub async fn next(&mut self) -> Result<Option<RowBlock>> {
        if self.ended {
            return Ok(None);
        }
        match self.receiver.recv().await {
            Some(Item::Block(block)) => {
                self.rows += block.len() as u64;
                Ok(Some(block))
            }
            Some(Item::End { rows }) if rows == self.rows => {
                self.ended = true;
                Ok(None)
            }
            Some(Item::End { .. }) | None if is_planted(Bug::ShortReadIsTheEnd) => {
                self.ended = true;
                Ok(None)
            }
            Some(Item::Failed(error)) => Err(error),
            Some(Item::End { .. }) | None => Err(StoreError::incomplete(&self.operation)),
        }
    }

    /// Rows received so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::block::{BlockBuilder, RowShape};
    use crate::model::compare::CompareForm;
    use crate::model::value::Value;

    fn block() -> RowBlock {
        let mut builder = BlockBuilder::new(RowShape::new(vec![0], vec![CompareForm::Exact]));
        builder.push_row(&[Value::Integer(1)]);
        builder.take()
    }

    #[tokio::test]
    async fn trap_32_a_stream_without_its_end_mark_is_an_error() {
        let (sender, mut stream) = row_channel("reading `t`");
        sender.send(block()).await.unwrap();
        drop(sender);
        assert_eq!(stream.next().await.unwrap().unwrap().len(), 1);
        assert_eq!(stream.next().await.unwrap_err(), StoreError::incomplete("reading `t`"));
    }

    #[tokio::test]
    async fn trap_32_an_end_mark_with_another_count_is_an_error() {
        let (sender, mut stream) = row_channel("reading `t`");
        sender.send(block()).await.unwrap();
        sender.end(2).await;
        stream.next().await.unwrap();
        assert!(stream.next().await.is_err());
    }

    #[tokio::test]
    async fn a_whole_stream_ends_quietly() {
        let (sender, mut stream) = row_channel("reading `t`");
        sender.send(block()).await.unwrap();
        sender.end(1).await;
        assert!(stream.next().await.unwrap().is_some());
        assert!(stream.next().await.unwrap().is_none());
        assert!(stream.next().await.unwrap().is_none());
    }
}
