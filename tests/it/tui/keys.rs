//! What keys do: to the view, and as commands.

use syncline::model::command::Command;
use syncline::tui::action::ACTIONS;
use syncline::tui::draw::help_lines;
use syncline::tui::keys::KeyMap;
use syncline::tui::view::{Effect, Overlay, Pane};

use super::{Robot, board_at};

fn robot() -> Robot {
    Robot::new(board_at(1.6))
}

#[test]
fn every_action_stands_in_the_help_with_its_keys() {
    let lines = help_lines(&KeyMap::default());
    for spec in ACTIONS {
        let line = lines.iter().find(|(_, help)| help.ends_with(&format!(":{}", spec.name)));
        let (keys, _) = line.unwrap_or_else(|| panic!("{} is not in the help", spec.name));
        assert!(!keys.is_empty(), "{} has no key", spec.name);
    }
}

#[test]
fn a_full_compare_asks_first_and_names_its_headless_form() {
    let mut robot = robot();
    robot.press("j");
    assert_eq!(robot.press("F"), []);
    let Some(Overlay::Confirm(question)) = &robot.view.overlay else { panic!("{:?}", robot.view.overlay) };
    assert_eq!(question.headless.as_deref(), Some("syncline run --full-compare --table product-work"));
    assert_eq!(robot.press("z"), [], "a slip neither confirms nor closes");
    assert!(robot.view.overlay.is_some());
    assert_eq!(robot.press("n"), []);
    assert!(robot.view.overlay.is_none());
    let full = Command::FullCompare { table: "product-work".to_owned() };
    assert_eq!(robot.press("Fy"), [Effect::Send(full)]);
}

#[test]
fn pausing_toggles_with_what_the_engine_says() {
    let mut robot = robot();
    assert_eq!(robot.press("P"), [Effect::Send(Command::Pause { table: None })]);
    let table = Some("company".to_owned());
    assert_eq!(robot.press("p"), [Effect::Send(Command::Pause { table })]);
}

#[test]
fn only_a_held_plan_can_be_approved() {
    let mut robot = Robot::new(board_at(33.4));
    assert_eq!(robot.press("a"), []);
    assert!(robot.view.notice.as_ref().unwrap().contains("is not held"));
    let held =
        robot.board.tables.iter().find(|table| table.hold.as_ref().is_some_and(|hold| hold.id.is_some()));
    let held = held.expect("the told pass holds a table");
    let id = held.hold.as_ref().unwrap().id.clone().unwrap();
    robot.view.table = Some(held.name.clone());
    assert_eq!(robot.press("ay"), [Effect::Send(Command::ApproveHold { id })]);
}

#[test]
fn leaving_a_run_that_goes_on_is_asked_and_ctrl_c_is_not() {
    let mut robot = robot();
    assert_eq!(robot.press("q"), []);
    assert_eq!(robot.press("<enter>"), [Effect::Leave]);
    assert_eq!(robot.press("?<ctrl-c>"), [Effect::Leave], "also with something on top");
}

#[test]
fn the_filter_narrows_the_tables_while_it_is_typed() {
    let mut robot = robot();
    robot.press("/order");
    let names: Vec<String> = robot.view.tables(&robot.board).iter().map(|table| table.name.clone()).collect();
    assert_eq!(names, ["orders", "order_row"]);
    robot.press("<enter>");
    assert!(robot.view.overlay.is_none() && robot.view.filter == "order");
    robot.press("<esc>");
    assert_eq!(robot.view.tables(&robot.board).len(), 4);
}

#[test]
fn every_action_can_be_typed_by_its_name() {
    let mut robot = robot();
    assert_eq!(robot.press(":sync-now<enter>"), [Effect::Send(Command::SyncNow)]);
    robot.press(":pause-t<tab>");
    assert_eq!(
        robot.view.overlay,
        Some(Overlay::Typing(syncline::tui::view::Purpose::Command, "pause-table".to_owned()))
    );
    robot.press("<esc>:sync-nwo<enter>");
    assert!(robot.view.notice.as_ref().unwrap().contains("nearest: sync-now"));
}

#[test]
fn panes_are_reached_by_tab_and_by_digit() {
    let mut robot = robot();
    let mut seen = vec![robot.view.focus];
    for _ in 1..Pane::ALL.len() {
        robot.press("<tab>");
        seen.push(robot.view.focus);
    }
    assert_eq!(seen, Pane::ALL);
    robot.press("6");
    assert_eq!(robot.view.focus, Pane::Log);
}

#[test]
fn a_frozen_view_stays_while_the_run_goes_on() {
    let mut robot = robot();
    robot.press("f");
    let before = robot.frame(80, 24);
    robot.board = board_at(33.4);
    assert!(robot.frame(80, 24).contains("FROZEN VIEW"));
    assert_eq!(robot.view.frozen.as_ref().unwrap().seq, board_at(1.6).seq, "{before}");
    robot.press("f");
    assert!(!robot.frame(80, 24).contains("FROZEN VIEW"));
}

#[test]
fn a_rate_is_stepped_down_and_up_again() {
    let mut robot = robot();
    let rows = |effects: Vec<Effect>| match effects.as_slice() {
        [Effect::Send(Command::SetRowsPerSecond { rows })] => *rows,
        other => panic!("{other:?}"),
    };
    assert_eq!(rows(robot.press("[")), 10_000);
    assert_eq!(rows(robot.press("[")), 5_000);
    assert_eq!(rows(robot.press("]")), 10_000);
}
