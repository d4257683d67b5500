//! Types that hold health data.

/// A type of the API that goes over the wire as it stands and prints its name without content.
macro_rules! shape {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        #[derive(Clone, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        $(#[$doc])*
        pub struct $name { $($fields)* }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!(stringify!($name), "(..)"))
            }
        }
    };
}

pub(crate) use shape;
