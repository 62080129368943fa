//! Man pages and completions for shells, from the same source as `--help`: the command line's own
//! description, and the settings that were read.

use std::{fs, io::Write, path::PathBuf};

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

use crate::settings::Setting;

/// The shells that most people have.
const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Fish, Shell::Zsh];
/// What stands at the top of each page, in its middle.
const BOOK: &str = "websites-monitor";
/// What a service's end says; commands that say more have it in their own text.
const EXIT_STATUS: [(&str, &str); 3] = [
    (
        "0",
        "Drained: what was begun is finished, or on disk for the next start.",
    ),
    (
        "1",
        "Failed, or gave up draining; the log's last lines have the counts.",
    ),
    ("2", "Bad settings or input; all that is wrong is listed."),
];

/// What is written, and where.
#[derive(Args, Clone, Debug)]
pub struct ManualOptions {
    /// What the program is called where it is installed.
    #[arg(long)]
    name: Option<String>,
    /// The folder, which is made where it is missing.
    folder: PathBuf,
}

/// Writes a page for the program, one for each of its commands, and a completion for each shell.
pub(crate) fn write(
    command: Command,
    settings: &[Setting],
    options: &ManualOptions,
) -> anyhow::Result<()> {
    let ManualOptions { name, folder } = options;
    let name = name.as_deref().unwrap_or(command.get_name()).to_owned();
    let mut command = command.name(name.clone()).disable_help_subcommand(true);
    let writing = || format!("writing into {}", folder.display());
    fs::create_dir_all(folder).with_context(writing)?;
    clap_mangen::generate_to(command.clone(), folder).with_context(writing)?;
    command.build();
    let page = page(command.clone(), settings)?;
    fs::write(folder.join(format!("{name}.1")), page).with_context(writing)?;
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut command, &name, folder).with_context(writing)?;
    }
    Ok(())
}

/// The program's own page, with what no command has: settings and exit status.
fn page(command: Command, settings: &[Setting]) -> std::io::Result<Vec<u8>> {
    let commands: Vec<_> = command
        .get_subcommands()
        .filter(|command| !command.is_hide_set())
        .filter_map(|command| command.get_display_name().map(str::to_owned))
        .collect();
    let man = Man::new(command).manual(BOOK);
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    man.render_subcommands_section(&mut page)?;
    page.write_all(environment(settings).to_roff().as_bytes())?;
    page.write_all(exit_status().to_roff().as_bytes())?;
    page.write_all(see_also(&commands).to_roff().as_bytes())?;
    Ok(page)
}

fn environment(settings: &[Setting]) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["ENVIRONMENT"]);
    section.text([roman(
        "An empty variable counts as unset. What the environment lacks is taken from .env in the working \
         directory.",
    )]);
    for setting in settings {
        section.control("TP", []);
        let default = format!(" [{}]", setting.default);
        section.text([bold(setting.name), roman(default)]);
        section.text([roman(setting.help)]);
    }
    section
}

fn exit_status() -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["EXIT STATUS"]);
    for (status, meaning) in EXIT_STATUS {
        section.control("TP", []);
        section.text([bold(status)]);
        section.text([roman(meaning)]);
    }
    section
}

fn see_also(commands: &[String]) -> Roff {
    let mut section = Roff::new();
    section.control("SH", ["SEE ALSO"]);
    let names: Vec<_> = commands.iter().map(|name| format!("{name}(1)")).collect();
    section.text([roman(names.join(", "))]);
    section
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::{CommandFactory, Parser, Subcommand};

    use super::*;

    /// Looks at things.
    #[derive(Parser)]
    struct CommandLine {
        #[command(subcommand)]
        command: Option<Verb>,
    }

    #[derive(Subcommand)]
    enum Verb {
        /// Look once.
        Look {
            /// At what.
            thing: String,
        },
        /// For machines.
        #[command(hide = true)]
        Secretly,
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_page_for_each_command_and_a_completion_for_each_shell_by_the_installed_name() {
        let folder = tempfile::tempdir().unwrap();
        let options = ManualOptions {
            name: Some("thing-looker".into()),
            folder: folder.path().join("manual"),
        };
        let setting = Setting::with_default("LOOK_TIMEOUT", "5", "seconds that looking may take");
        write(CommandLine::command(), &[setting], &options).unwrap();
        assert_eq!(
            names(&options.folder),
            [
                "_thing-looker",
                "thing-looker-look.1",
                "thing-looker.1",
                "thing-looker.bash",
                "thing-looker.fish"
            ]
        );
        let read = |name| fs::read_to_string(options.folder.join(name)).unwrap();
        let page = read("thing-looker.1");
        for part in [
            "Looks at things",
            "LOOK_TIMEOUT",
            "[5]",
            "seconds that looking may take",
            "EXIT STATUS",
            "look(1)",
        ] {
            assert!(page.contains(part), "{part} in\n{page}");
        }
        assert!(!page.contains("For machines"), "{page}");
        assert!(read("thing-looker-look.1").contains("At what"));
        assert!(read("thing-looker.bash").contains("thing-looker"));
    }
}
