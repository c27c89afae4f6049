//! The program's commands, one file each, as their users meet them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod estate;
mod stored;
mod support;

mod test_as_of;
mod test_completions_command;
mod test_diff_command;
mod test_global_options;
mod test_help;
mod test_impact_command;
mod test_lint_command;
mod test_list_command;
mod test_man_command;
mod test_prune_command;
mod test_redacted_command;
mod test_runs_command;
mod test_search_command;
mod test_show_command;
#[cfg(feature = "sim")]
mod test_sim_command;
mod test_sql_command;
mod test_stats_command;
mod test_verify_command;
