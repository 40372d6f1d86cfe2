//! The European Central Bank's reference rates: units of a currency per one EUR, each working day, in XML.

use roxmltree::{Document, Node};

use super::table::Table;
use crate::{client::FetchError, domain::money::Currency};

/// Reads the daily document, or one of the history, of which the latest day counts:
///
/// ```xml
/// <gesmes:Envelope xmlns:gesmes="..."><Cube><Cube time='2025-10-09'><Cube currency='USD' rate='1.1611'/>...
/// ```
///
/// # Errors
/// [`FetchError::Malformed`] if it is not XML or has no rate of a currency that we know.
pub(super) fn parse(document: &[u8]) -> Result<Table, FetchError> {
    let text = std::str::from_utf8(document).map_err(|_| malformed("it is not XML in UTF-8"))?;
    // The parser's own words may repeat much of the document; the place is enough.
    let tree = Document::parse(text)
        .map_err(|error| malformed(&format!("it is not XML (at line:column {})", error.pos())))?;
    let (date, day) = tree
        .descendants()
        .filter(is_cube)
        .filter_map(|cube| Some((cube.attribute("time")?, cube)))
        .filter(|(date, _)| is_date(date))
        .max_by_key(|&(date, _)| date)
        .ok_or_else(|| malformed("it has no day of exchange rates"))?;
    let quotes = day.children().filter(is_cube).filter_map(|cube| {
        let rate = cube.attribute("rate")?.trim().parse().ok()?;
        Some((cube.attribute("currency")?, rate))
    });
    let table = Table::new(Currency::EUR, quotes, Some(date.to_owned()));
    if table.is_bare() {
        return Err(malformed("it has no exchange rate of a known currency"));
    }
    Ok(table)
}

fn malformed(reason: &str) -> FetchError {
    FetchError::Malformed(reason.to_owned())
}

/// By its local name: prefixes and name spaces differ between documents.
fn is_cube(node: &Node<'_, '_>) -> bool {
    node.tag_name().name() == "Cube"
}

/// Whether `text` has the shape of 2025-10-09. It is shown to users as it is.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(document: &[u8]) -> String {
        parse(document).unwrap_err().to_string()
    }

    #[test]
    fn the_latest_day_of_a_history_counts() {
        let history = br#"<E><Cube>
            <Cube time="2025-10-08"><Cube currency="USD" rate="3"/></Cube>
            <Cube time="2025-10-09"><Cube currency="USD" rate="2"/></Cube>
            <Cube time="2025-10-07"><Cube currency="USD" rate="4"/></Cube>
        </Cube></E>"#;
        let table = parse(history).unwrap();
        assert_eq!(table.rates.per_base(Currency::USD), Some(2.0));
        assert_eq!(table.as_of.as_deref(), Some("2025-10-09"));
    }

    #[test]
    fn rates_that_cannot_be_and_currencies_that_we_do_not_know_are_left_out() {
        let table = parse(
            b"<E><Cube time='2025-10-09'>\
                <Cube currency='USD' rate='-1'/><Cube currency='GBP' rate='NaN'/><Cube currency='JPY' rate='inf'/>\
                <Cube currency='SEK' rate='0'/><Cube currency='NOK' rate='N/A'/><Cube currency='TRY'/>\
                <Cube currency='QQQ' rate='4.2'/><Cube rate='5'/><Cube currency='CHF' rate=' 0.5 '/>\
            </Cube></E>",
        )
        .unwrap();
        let with_chf = Table::new(Currency::EUR, [("CHF", 0.5)], table.as_of.clone());
        assert_eq!(table, with_chf);
    }

    #[test]
    fn the_whole_table_is_read() {
        let codes = "USD JPY BGN CZK DKK GBP HUF PLN RON SEK CHF ISK NOK TRY AUD BRL CAD CNY HKD IDR ILS INR KRW MXN MYR \
                     NZD PHP SGD THB ZAR";
        let rows = codes
            .split(' ')
            .map(|code| format!("<Cube currency='{code}' rate='2'/>"));
        let rows: String = rows.collect();
        let document = format!("<E><Cube time='2025-10-09'>{rows}</Cube></E>");
        let table = parse(document.as_bytes()).unwrap();
        for code in codes.split(' ') {
            let currency = code.parse().unwrap();
            assert_eq!(table.rates.per_base(currency), Some(2.0), "{code}");
        }
    }

    #[test]
    fn other_documents_are_refused() {
        for (document, said) in [
            ("", "it is not XML"),
            ("{\"USD\": 1}", "it is not XML"),
            (
                "<html><body>Sorry</body></html>",
                "it has no day of exchange rates",
            ),
            (
                "<E><Cube time='soon'><Cube currency='USD' rate='1'/></Cube></E>",
                "it has no day",
            ),
            (
                "<E><Cube time='2025-10-09'/></E>",
                "it has no exchange rate",
            ),
            (
                "<E><Cube time='2025-10-09'><Cube currency='QQQ' rate='4'/></Cube></E>",
                "it has no exchange rate",
            ),
            ("<!DOCTYPE e [<!ENTITY a 'b'>]><e>&a;</e>", "it is not XML"),
        ] {
            let fault = fault(document.as_bytes());
            assert!(fault.contains(said), "{document}: {fault}");
        }
        assert!(fault(b"<E>\xff</E>").contains("it is not XML in UTF-8"));
    }

    #[test]
    fn a_document_as_deep_as_it_is_long_is_only_wrong() {
        assert!(fault("<a>".repeat(300_000).as_bytes()).contains("it is not XML"));
    }
}
