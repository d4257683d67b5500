//! URLs, authentication, problem+json and OpenAPI of the clinical service.
