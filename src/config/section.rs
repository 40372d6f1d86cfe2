//! How a section of the configuration is declared: description, type, default and rule of a key in one place.

use std::{fmt::Display, path::PathBuf};

use serde::de::Unexpected;

use super::fault::{ConfigFault, ConfigFaultReason, shown};

/// Declares a section, whose keys are written `name: Type = default, rule;`. The [`Rule`] is optional. The doc comments
/// of the keys are the text of `config/config.yaml` and `docs/configuration.md` too.
///
/// Without defaults it declares an entry of a list, whose keys are required unless they have `#[serde(default)]`. With
/// `impl` it gives descriptions and rules to the keys of a type that is declared elsewhere.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $(#[derive($($derive:ident),+)])?
        pub struct $Section:ident {$(
            $(#[doc = $doc:literal])+
            $(#[serde($($serde:tt)+)])?
            pub $key:ident: $Type:ty = $default:expr $(, $rule:expr)?;
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize $($(, $derive)+)?)]
        #[serde(default, deny_unknown_fields)]
        pub struct $Section {
            $($(#[doc = $doc])+ $(#[serde($($serde)+)])? pub $key: $Type,)+
        }
        impl Default for $Section {
            fn default() -> Self {
                Self { $($key: $default),+ }
            }
        }
        section! { impl $Section { $($(#[doc = $doc])+ $key $(: $rule)?;)+ } }
    };
    (
        $(#[doc = $about:literal])+
        $visibility:vis struct $Entry:ident {$(
            $(#[doc = $doc:literal])+
            $(#[serde($($serde:tt)+)])?
            $key_visibility:vis $key:ident: $Type:ty $(, $rule:expr)?;
        )+}
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        $visibility struct $Entry {
            $($(#[doc = $doc])+ $(#[serde($($serde)+)])? $key_visibility $key: $Type,)+
        }
        section! { impl $Entry { $($(#[doc = $doc])+ $key $(: $rule)?;)+ } }
    };
    (impl $Section:ident { $($(#[doc = $doc:literal])+ $key:ident $(: $rule:expr)?;)+ }) => {
        impl $crate::config::section::Section for $Section {
            fn check_keys(&self) -> Result<(), $crate::config::ConfigFault> {
                $($($rule.check(stringify!($key), &self.$key)?;)?)+
                Ok(())
            }

            #[cfg(test)]
            fn keys() -> Vec<$crate::config::section::Key> {
                vec![$((
                    stringify!($key).trim_start_matches("r#"),
                    concat!($($doc, "\n"),+),
                    String::new()$( + &$rule.words)?,
                )),+]
            }
        }
    };
}
pub(super) use section;

/// A part of the configuration that [`section!`] declares.
pub(super) trait Section {
    /// Checks the rule of each key.
    ///
    /// # Errors
    /// The first fault. Its key is relative to the section.
    fn check_keys(&self) -> Result<(), ConfigFault>;

    /// What the documentation is generated from.
    #[cfg(test)]
    fn keys() -> Vec<Key>;
}

/// Name, description and rule of a key.
#[cfg(test)]
pub(super) type Key = (&'static str, &'static str, String);

/// What a value must be.
pub(super) struct Rule<T> {
    /// Goes on after "must be".
    pub(super) words: String,
    holds: Box<dyn Fn(&T) -> bool>,
    show: Show<T>,
}

/// The value in a message, if it is shown.
type Show<T> = Box<dyn Fn(&T) -> Option<String>>;

impl<T: 'static> Rule<T> {
    fn new(
        words: &str,
        holds: impl Fn(&T) -> bool + 'static,
        show: impl Fn(&T) -> Option<String> + 'static,
    ) -> Self {
        Self {
            words: words.to_owned(),
            holds: Box::new(holds),
            show: Box::new(show),
        }
    }

    /// # Errors
    /// If the value does not follow the rule.
    pub(super) fn check(&self, key: &str, value: &T) -> Result<(), ConfigFault> {
        if (self.holds)(value) {
            return Ok(());
        }
        Err(ConfigFault {
            key: key.to_owned(),
            reason: ConfigFaultReason::Value {
                must_be: self.words.clone().into(),
                is: (self.show)(value),
            },
        })
    }

    /// # Errors
    /// If an item of the list does not follow the rule.
    pub(super) fn check_each(&self, key: &str, list: &[T]) -> Result<(), ConfigFault> {
        let mut items = list.iter().enumerate();
        items.try_for_each(|(position, item)| self.check(&format!("{key}[{position}]"), item))
    }

    /// Without the value in the message: a URL may hold a password.
    pub(super) fn hidden(self) -> Self {
        Self {
            show: Box::new(|_| None),
            ..self
        }
    }

    /// The rule for a value that may be missing.
    pub(super) fn or_null(self) -> Rule<Option<T>> {
        let holds = move |value: &Option<T>| value.as_ref().is_none_or(&self.holds);
        let show = move |value: &Option<T>| value.as_ref().and_then(&self.show);
        Rule::new(&self.words, holds, show)
    }
}

/// A range that includes both ends, and not NaN.
pub(super) fn range<T: PartialOrd + Display + 'static>(low: T, high: T) -> Rule<T> {
    let words = format!("at least {low} and at most {high}");
    let holds = move |value: &T| (&low..=&high).contains(&value);
    Rule::new(&words, holds, |value| Some(value.to_string()))
}

/// More than 0, at most `high`, and not NaN.
pub(super) fn positive(high: f64) -> Rule<f64> {
    let words = format!("more than 0 and at most {high}");
    let holds = move |&value: &f64| value > 0.0 && value <= high;
    Rule::new(&words, holds, |value| Some(value.to_string()))
}

/// A path of a file.
pub(super) fn file() -> Rule<PathBuf> {
    must_be("the path of a file, or null", |path: &PathBuf| {
        !path.as_os_str().is_empty()
    })
}

/// A rule for a string, in words and as a predicate.
pub(super) fn text(words: &str, holds: fn(&str) -> bool) -> Rule<String> {
    let show = |text: &String| Some(shown(Unexpected::Str(text)));
    Rule::new(words, move |text| holds(text), show)
}

/// A rule for another value, which is not shown in the message.
pub(super) fn must_be<T: 'static>(words: &str, holds: fn(&T) -> bool) -> Rule<T> {
    Rule::new(words, holds, |_| None)
}
