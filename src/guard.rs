//! Panics in code of others that reads bytes nobody vouches for.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// Whether guarded code runs on this thread, whose panics are reported as errors and not printed.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Runs `f` and turns a panic in it into an error; `what` names in the plural what it reads.
///
/// After an error nothing that `f` changed may be used any more: it may be half changed.
///
/// # Errors
/// "the reader of {what} failed: {panic message}".
pub fn guarded<T>(what: &str, f: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // The flag is gone when a thread panics while it ends; such a panic is not guarded.
            if !GUARDED.try_with(Cell::get).unwrap_or(false) {
                usual(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    GUARDED.set(outer);
    result.map_err(|payload| {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        format!("the reader of {what} failed: {}", text.unwrap_or("it panicked without a message"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_become_errors_and_leave_no_trace() {
        assert_eq!(guarded("a", || 1), Ok(1));
        assert_eq!(guarded::<()>("a", || panic!("why")), Err("the reader of a failed: why".into()));
        let number = 3;
        assert_eq!(guarded::<()>("a", || panic!("no {number}")), Err("the reader of a failed: no 3".into()));
        assert_eq!(
            guarded::<()>("a", || panic::panic_any(7)),
            Err("the reader of a failed: it panicked without a message".into())
        );
        assert!(!GUARDED.get());
    }

    #[test]
    fn guards_nest() {
        let inner = guarded("a", || {
            let inner = guarded::<()>("b", || panic!("deep"));
            (inner, GUARDED.get())
        });
        assert_eq!(inner, Ok((Err("the reader of b failed: deep".into()), true)));
    }
}
