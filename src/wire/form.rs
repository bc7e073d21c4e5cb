//! How a form and what it stands for are turned into each other.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::WireError;
use crate::base::clock::Timestamp;
use crate::base::escape;
use crate::base::limits::SHOWN_CHARS_MAX;
use crate::base::ring::Ring;

/// The serde form of a `M`.
pub trait Form<M>: Sized {
    /// The form of this.
    fn of(model: &M) -> Self;

    /// What the form stands for.
    fn into_model(self) -> Result<M, WireError>;
}

macro_rules! same {
    ($($type:ty),+) => {$(
        impl Form<$type> for $type {
            fn of(model: &$type) -> Self {
                model.clone()
            }

            fn into_model(self) -> Result<$type, WireError> {
                Ok(self)
            }
        }
    )+};
}
same!(bool, u8, u64, usize, String);

impl Form<Cow<'static, str>> for String {
    fn of(model: &Cow<'static, str>) -> Self {
        model.to_string()
    }

    fn into_model(self) -> Result<Cow<'static, str>, WireError> {
        Ok(Cow::Owned(self))
    }
}

impl<M, F: Form<M>> Form<Option<M>> for Option<F> {
    fn of(model: &Option<M>) -> Self {
        model.as_ref().map(F::of)
    }

    fn into_model(self) -> Result<Option<M>, WireError> {
        self.map(F::into_model).transpose()
    }
}

impl<M, F: Form<M>> Form<Vec<M>> for Vec<F> {
    fn of(model: &Vec<M>) -> Self {
        model.iter().map(F::of).collect()
    }

    fn into_model(self) -> Result<Vec<M>, WireError> {
        self.into_iter().map(F::into_model).collect()
    }
}

impl<M, F: Form<M>> Form<Arc<[M]>> for Vec<F> {
    fn of(model: &Arc<[M]>) -> Self {
        model.iter().map(F::of).collect()
    }

    fn into_model(self) -> Result<Arc<[M]>, WireError> {
        self.into_iter().map(F::into_model).collect()
    }
}

impl<M, F: Form<M>> Form<M> for Box<F> {
    fn of(model: &M) -> Self {
        Self::new(F::of(model))
    }

    fn into_model(self) -> Result<M, WireError> {
        (*self).into_model()
    }
}

/// Something that is shared in memory; written as if it were not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shared<F>(F);

impl<M, F: Form<M>> Form<Arc<M>> for Shared<F> {
    fn of(model: &Arc<M>) -> Self {
        Self(F::of(model))
    }

    fn into_model(self) -> Result<Arc<M>, WireError> {
        self.0.into_model().map(Arc::new)
    }
}

/// The newest of something, oldest first, and how many older ones fell off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Newest<F, const CAPACITY: usize> {
    dropped: u64,
    entries: Vec<F>,
}

impl<M, F: Form<M>, const CAPACITY: usize> Form<Ring<M>> for Newest<F, CAPACITY> {
    fn of(model: &Ring<M>) -> Self {
        Self { dropped: model.dropped(), entries: model.iter().map(F::of).collect() }
    }

    fn into_model(self) -> Result<Ring<M>, WireError> {
        let entries: Vec<M> = self.entries.into_model()?;
        Ok(Ring::restore(CAPACITY, self.dropped, entries))
    }
}

/// A duration in seconds, to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(f64);

impl Form<f64> for Seconds {
    /// What is not finite, and has no form in JSON, becomes 0.
    fn of(model: &f64) -> Self {
        let rounded = (model * 1e6).round() / 1e6;
        Self(if rounded.is_finite() { rounded } else { 0.0 })
    }

    fn into_model(self) -> Result<f64, WireError> {
        Ok(self.0)
    }
}

impl Form<Duration> for Seconds {
    fn of(model: &Duration) -> Self {
        Self(model.as_micros() as f64 / 1e6)
    }

    fn into_model(self) -> Result<Duration, WireError> {
        Ok(Duration::from_micros((self.0 * 1e6).round() as u64))
    }
}

/// An instant in RFC 3339, UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(String);

/// How [`Timestamp`] shows what lies beyond the years of RFC 3339.
const FAR_SUFFIX: &str = " µs since 1970";

impl Form<Timestamp> for Instant {
    fn of(model: &Timestamp) -> Self {
        Self(model.to_string())
    }

    fn into_model(self) -> Result<Timestamp, WireError> {
        let near = || Some(self.0.parse::<jiff::Timestamp>().ok()?.as_microsecond());
        let far = || self.0.strip_suffix(FAR_SUFFIX)?.parse().ok();
        near().or_else(far).map(Timestamp).ok_or_else(|| unknown("an instant", &self.0))
    }
}

/// The error of a word that this version does not know.
pub fn unknown(what: &'static str, word: &str) -> WireError {
    WireError::Unknown { what, word: escape::visible_short(word, SHOWN_CHARS_MAX) }
}

/// Declares the form of a struct: for each field its name and its own form.
macro_rules! form {
    ($(#[$meta:meta])* $form:ident of $model:ident {
        $($(#[$field_meta:meta])* $field:ident: $type:ty,)+
    }) => {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        $(#[$meta])*
        pub struct $form {
            $($(#[$field_meta])* $field: $type,)+
        }

        impl $crate::wire::form::Form<$model> for $form {
            fn of(model: &$model) -> Self {
                Self { $($field: $crate::wire::form::Form::of(&model.$field),)+ }
            }

            fn into_model(self) -> Result<$model, $crate::wire::WireError> {
                Ok($model { $($field: self.$field.into_model()?,)+ })
            }
        }
    };
}

/// Declares the form of an enum without data: for each variant its word.
macro_rules! words {
    ($(#[$meta:meta])* $form:ident of $model:ident { $($variant:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $form { $(#[doc = $word] #[serde(rename = $word)] $variant,)+ }

        impl $crate::wire::form::Form<$model> for $form {
            fn of(model: &$model) -> Self {
                match model { $($model::$variant => Self::$variant,)+ }
            }

            fn into_model(self) -> Result<$model, $crate::wire::WireError> {
                Ok(match self { $(Self::$variant => $model::$variant,)+ })
            }
        }
    };
}

pub(super) use {form, words};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_instant_is_read_back_even_one_that_no_calendar_has() {
        for us in [0, -1, 1_795_183_320_500_001, i64::MIN, i64::MAX] {
            assert_eq!(Instant::of(&Timestamp(us)).into_model(), Ok(Timestamp(us)));
        }
        assert_eq!(Instant::of(&Timestamp(1_500_000)).0, "1970-01-01T00:00:01.5Z");
        assert!(Instant("yesterday".to_owned()).into_model().is_err());
    }

    #[test]
    fn seconds_are_whole_microseconds() {
        assert_eq!(Seconds::of(&(0.1 + 0.2)), Seconds(0.3));
        assert_eq!(Seconds::of(&f64::NAN), Seconds(0.0));
        let model: Duration = Seconds::of(&Duration::from_micros(59_423_038_248)).into_model().unwrap();
        assert_eq!(model, Duration::from_micros(59_423_038_248));
    }
}
