//! What lists say when nothing stands in them.

use crate::support::{Database, Service, ServiceSettings, Topic};

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_says_so_to_a_person_and_nothing_to_a_program() {
    let topic = Topic {
        name: "nobody-reads-it".into(),
        bootstrap: "127.0.0.1:9".into(),
    };
    let settings = ServiceSettings::consumer(&topic, &Database::create().await);
    let (code, _, said) = Service::run("consumer", &["migrate"], &settings).await;
    assert_eq!(code, Some(0), "{said}");
    for (list, nothing) in [
        (["dead-letters", "list"].as_slice(), "no dead letters"),
        (
            &["dead-letters", "list", "--id", "1"],
            "no such dead letters",
        ),
        (&["maintenance", "list"], "no maintenance windows"),
    ] {
        let empty = (Some(0), String::new(), String::new());
        let program = Service::run("consumer", list, &settings).await;
        assert_eq!(program, empty, "{list:?}");
        let (code, said) = Service::run_on_terminal("consumer", list, &settings).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(nothing), "{list:?}: {said}");
        let json = [list, &["--json"]].concat();
        let person = Service::run_on_terminal("consumer", &json, &settings).await;
        assert_eq!(person, (Some(0), String::new()), "{json:?}");
    }
}
