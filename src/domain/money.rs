//! Currencies, amounts and exchange rates.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

macro_rules! currencies {
    ($($code:ident)*) => {
        /// A currency of offers and answers: an ISO 4217 code, `BTC` or `CNH`, in any case.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        #[allow(clippy::upper_case_acronyms, missing_docs, reason = "the codes are ISO 4217 names")]
        pub enum Currency { $($code),* }

        impl Currency {
            /// All currencies, in the order of their codes.
            pub const EVERY: &'static [Self] = &[$(Self::$code),*];

            /// The code, such as `EUR`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$code => stringify!($code)),* }
            }
        }
    };
}
currencies!(
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTC BTN
    BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNH CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN
    ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD
    JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD
    TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAD XAF XAG XAU XBA XBB XBC XBD XCD
    XCG XDR XOF XPD XPF XPT XSU XUA YER ZAR ZMW ZWG
);

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The text is not the code of a [`Currency`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0:.20}' is not an ISO 4217 code of a currency")]
pub struct UnknownCurrency(String);

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::EVERY
            .iter()
            .find(|currency| currency.code().eq_ignore_ascii_case(code))
            .copied()
            .ok_or_else(|| UnknownCurrency(code.to_owned()))
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(code: String) -> Result<Self, UnknownCurrency> {
        code.parse()
    }
}

/// An amount of money in an offer: from 0 to [`Money::MAX`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Money {
    amount: f64,
    currency: Currency,
}

/// The amount is negative, not a number, or beyond [`Money::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{} is not an amount from 0 to 1e12", short(*.0))]
pub struct BadAmount(f64);

/// `number` without hundreds of digits.
fn short(number: f64) -> String {
    if number.abs() < 1e15 {
        number.to_string()
    } else {
        format!("{number:e}")
    }
}

impl Money {
    /// The largest plausible amount. It keeps the cost of a combination far from overflow.
    pub const MAX: f64 = 1e12;

    /// # Errors
    /// [`BadAmount`] unless `0 <= amount <= Money::MAX`.
    pub fn new(amount: f64, currency: Currency) -> Result<Self, BadAmount> {
        if (0.0..=Self::MAX).contains(&amount) {
            Ok(Self { amount, currency })
        } else {
            Err(BadAmount(amount))
        }
    }

    /// The amount in units of [`currency`](Self::currency).
    pub const fn amount(self) -> f64 {
        self.amount
    }

    /// The currency of the amount.
    pub const fn currency(self) -> Currency {
        self.currency
    }
}

/// Units of each currency per one unit of a base currency.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates(BTreeMap<Currency, f64>);

impl Rates {
    /// The table `per_base`, and 1 for the base itself. Rates that are not positive and finite are dropped.
    pub fn new(base: Currency, per_base: impl IntoIterator<Item = (Currency, f64)>) -> Self {
        let mut table: BTreeMap<_, _> = per_base
            .into_iter()
            .filter(|(_, rate)| rate.is_finite() && *rate > 0.0)
            .collect();
        table.insert(base, 1.0);
        Self(table)
    }

    /// Units of `to` per unit of `from`; `None` if either is not in the table.
    pub fn factor(&self, from: Currency, to: Currency) -> Option<f64> {
        if from == to {
            return Some(1.0);
        }
        Some(self.0.get(&to)? / self.0.get(&from)?)
    }

    /// Units of `currency` per unit of the base.
    pub fn per_base(&self, currency: Currency) -> Option<f64> {
        self.0.get(&currency).copied()
    }

    /// These rates, and those of `other` for currencies that are missing here.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for (&currency, &rate) in &other.0 {
            self.0.entry(currency).or_insert(rate);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_parsed_as_its_currency() {
        for &currency in Currency::EVERY {
            assert_eq!(currency.code().parse(), Ok(currency));
            assert_eq!(currency.code().to_lowercase().parse(), Ok(currency));
        }
        for bad in ["", "EURO", "EU", "XXX", "XTS", " EUR"] {
            assert!(bad.parse::<Currency>().is_err(), "{bad}");
        }
    }

    #[test]
    fn implausible_amounts_are_refused() {
        for bad in [-0.01, f64::NAN, f64::INFINITY, 1.1e12] {
            assert!(Money::new(bad, Currency::EUR).is_err(), "{bad}");
        }
        assert!(Money::new(0.0, Currency::EUR).is_ok());
    }

    #[test]
    fn rates_convert_over_the_base() {
        let rates = Rates::new(Currency::EUR, [(Currency::USD, 2.0), (Currency::CHF, 0.5)]);
        assert_eq!(rates.factor(Currency::USD, Currency::CHF), Some(0.25));
        assert_eq!(rates.factor(Currency::EUR, Currency::USD), Some(2.0));
        assert_eq!(rates.factor(Currency::RUB, Currency::RUB), Some(1.0));
        assert_eq!(rates.factor(Currency::RUB, Currency::EUR), None);
    }

    #[test]
    fn a_rate_of_zero_is_no_rate() {
        let rates = Rates::new(Currency::EUR, [(Currency::USD, 0.0)]);
        assert_eq!(rates.factor(Currency::USD, Currency::EUR), None);
    }
}
