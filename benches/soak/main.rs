//! Long measurements that stand behind figures in the documentation, one file a part: `cargo bench --bench soak` runs
//! them all, `-- NAME` only one.
//!
//! | name | measures |
//! |---|---|
//! | `limits [WORD]` | the learned rate limit under full load; with a word only the rows whose name contains it |
//! | `load` | the same under partial load |
//! | `backlog` | a hundred thousand waiting items: choosing the next send, and a restart with them |
//! | `kills [KILLS]` | `kill -9` of the service in a wave with lost replies: nothing lost, nothing twice |
//! | `operations [LISTS [SEED]]` | random operation lists on the pure machines: nothing lost, nothing twice |

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

mod backlog;
#[path = "../../tests/support/drive.rs"]
mod drive;
#[path = "../../tests/support/hidden_limits.rs"]
mod hidden_limits;
#[path = "../../tests/support/kills.rs"]
mod kill;
mod kills;
mod limits;
mod load;
mod operations;
#[path = "../../tests/it/world.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod world;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [part, only, more] = [0, 1, 2].map(|index| args.get(index).map(String::as_str));
    let wanted = |name| part.is_none_or(|part| part == name);
    if wanted("limits") {
        limits::run(only);
    }
    if wanted("load") {
        load::run();
    }
    if wanted("backlog") {
        backlog::run();
    }
    if wanted("kills") {
        kills::run(only);
    }
    if wanted("operations") {
        operations::run(only, more);
    }
}
