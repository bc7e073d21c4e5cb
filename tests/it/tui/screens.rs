//! Frames over a told pass, at the sizes and in the states that an operator meets.

use insta::assert_snapshot;

use super::{Robot, board_at, board_of};
use crate::report::script;

/// Every part of a screen is there, whatever the size: what runs, what is wrong, what to press.
fn says_what_matters(frame: &str) {
    assert!(frame.contains("quit") || frame.contains("q quit"), "no key to leave:\n{frame}");
}

#[test]
fn empty_before_the_first_event() {
    assert_snapshot!(Robot::new(board_of([])).frame(80, 24));
}

#[test]
fn while_differences_are_searched() {
    let mut robot = Robot::new(board_at(1.6));
    robot.press("j");
    let frame = robot.frame(80, 24);
    says_what_matters(&frame);
    assert_snapshot!("searching_80x24", frame);
    assert_snapshot!("searching_120x40", robot.frame(120, 40));
    assert_snapshot!("searching_ascii_80x24", Robot::new(board_at(1.6)).ascii().frame(80, 24));
}

#[test]
fn with_a_held_table_and_errors() {
    let mut robot = Robot::new(board_at(33.4));
    robot.press("e");
    assert_snapshot!("troubled_80x24", robot.frame(80, 24));
    assert_snapshot!("troubled_120x40", robot.frame(120, 40));
    robot.press("3<enter>");
    assert_snapshot!("errors_zoomed_80x24", robot.frame(80, 24));
}

#[test]
fn while_it_sleeps() {
    let events = script::events();
    assert_snapshot!(Robot::new(board_of(&events)).frame(80, 24));
}

#[test]
fn one_table_alone() {
    let mut robot = Robot::new(board_at(33.4));
    robot.press("j<enter>");
    assert_snapshot!(robot.frame(100, 30));
}

#[test]
fn the_help_and_a_question() {
    let mut robot = Robot::new(board_at(1.6));
    robot.press("?");
    assert_snapshot!("help_80x24", robot.frame(80, 24));
    robot.press("<esc>jF");
    assert_snapshot!("question_80x24", robot.frame(80, 24));
}

#[test]
fn narrow_and_tiny() {
    assert_snapshot!("narrow_50x20", Robot::new(board_at(33.4)).frame(50, 20));
    assert_snapshot!("tiny_36x9", Robot::new(board_at(33.4)).frame(36, 9));
    assert_snapshot!("too_small_12x2", Robot::new(board_at(33.4)).frame(12, 2));
}
