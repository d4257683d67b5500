//! Use cases of the clinical service: what people may do, in one transaction each.
