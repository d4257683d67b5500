//! Operations and who may call them.

use axum::http::Method;
use clinical_model::Role;

/// Who may call an operation at all. On which things they may call it, the use case decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// Everybody, also without an account.
    Public,
    /// Everybody who is signed in.
    SignedIn,
    /// These roles.
    Roles(&'static [Role]),
}

impl Who {
    /// True when a signed-in person of this role may call the operation.
    #[must_use]
    pub fn lets_in(self, role: Role) -> bool {
        match self {
            Self::Public | Self::SignedIn => true,
            Self::Roles(roles) => roles.contains(&role),
        }
    }
}

/// One operation: a method on a path.
#[derive(Debug)]
pub struct Operation {
    /// The method.
    pub method: Method,
    /// The path below [`clinical_api::BASE`], with `{id}` for parts that vary.
    pub path: &'static str,
    /// Who may call it.
    pub who: Who,
    /// Whether staff without a second factor may call it, because it sets one up.
    pub for_enrolment: bool,
}

impl Operation {
    /// A row of a domain's table.
    #[must_use]
    pub const fn new(method: Method, path: &'static str, who: Who) -> Self {
        Self {
            method,
            path,
            who,
            for_enrolment: false,
        }
    }

    /// Lets staff without a second factor call it too.
    #[must_use]
    pub const fn for_enrolment(mut self) -> Self {
        self.for_enrolment = true;
        self
    }
}
