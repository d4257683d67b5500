//! The parts that all pages are made of. They know no appointment and no visit.
//!
//! ```text
//! <Page title=say(Key::LoginTitle)> ... </Page>      h1, window title, focus on arrival
//! <Button on_press=move || save() icon=Glyph::Check testid="save">{say(Key::Save)}</Button>
//! <Field id="email" label=say(Key::Email) error=fault value=email testid="login-email"/>
//! <Dialog open=open title=say(Key::CancelTitle)> ... </Dialog>
//! <Alert tone=Tone::Warning> ... </Alert>   toast(t_now(Key::Copied))
//! ```

pub mod button;
pub mod conflict;
pub mod copy;
pub mod dialog;
pub mod feedback;
pub mod field;
pub mod icon;
pub mod layout;
pub mod page;
pub mod part;
pub mod toast;

pub use button::{Button, Look};
pub use conflict::{Choice, Conflict, Versions};
pub use copy::CopyField;
pub use dialog::Dialog;
pub use feedback::{Alert, EmptyState, Failure, Spinner, Tone, reason};
pub use field::{Field, TextArea};
pub use icon::{Glyph, Icon};
pub use layout::Layout;
pub use page::Page;
pub use part::part;
pub use toast::{Toasts, clear_toast, toast};
