//! Small City databases for tests, in the format of <https://maxmind.github.io/MaxMind-DB/>.

/// A value of the format, as far as locations need it.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(&'static str),
    Double(f64),
    Float(f32),
    Short(u16),
    Number(u32),
    Long(u64),
    /// Always empty.
    List,
    Map(Vec<(&'static str, Self)>),
}

impl Value {
    fn write(&self, bytes: &mut Vec<u8>) {
        let head = |kind: usize, size: usize| match kind {
            1..=7 => vec![u8::try_from(kind << 5 | size).unwrap()],
            _ => vec![u8::try_from(size).unwrap(), u8::try_from(kind - 7).unwrap()],
        };
        match self {
            Self::Text(text) => {
                bytes.extend(head(2, text.len()));
                bytes.extend(text.as_bytes());
            }
            Self::Double(number) => {
                bytes.extend(head(3, 8));
                bytes.extend(number.to_be_bytes());
            }
            Self::Float(number) => {
                bytes.extend(head(15, 4));
                bytes.extend(number.to_be_bytes());
            }
            Self::Short(number) => {
                bytes.extend(head(5, 2));
                bytes.extend(number.to_be_bytes());
            }
            Self::Long(number) => {
                bytes.extend(head(9, 8));
                bytes.extend(number.to_be_bytes());
            }
            Self::Number(number) => {
                bytes.extend(head(6, 4));
                bytes.extend(number.to_be_bytes());
            }
            Self::List => bytes.extend(head(11, 0)),
            Self::Map(fields) => {
                bytes.extend(head(7, fields.len()));
                for (key, value) in fields {
                    Self::Text(key).write(bytes);
                    value.write(bytes);
                }
            }
        }
    }
}

/// `location.latitude` and `location.longitude`.
pub(super) fn nested(latitude: f64, longitude: f64) -> Value {
    Value::Map(vec![(
        "location",
        Value::Map(vec![
            ("latitude", Value::Double(latitude)),
            ("longitude", Value::Double(longitude)),
        ]),
    )])
}

/// `latitude` and `longitude`.
pub(super) fn flat(latitude: f32, longitude: f32) -> Value {
    Value::Map(vec![
        ("city", Value::Text("Somewhere")),
        ("latitude", Value::Float(latitude)),
        ("longitude", Value::Float(longitude)),
    ])
}

/// A database of IP `version` with these networks, none of which contains another.
pub(super) fn database(version: u16, networks: &[(&str, Value)]) -> Vec<u8> {
    const UNSET: u32 = u32::MAX;
    const DATA: u32 = 1 << 31;
    let mut nodes = vec![[UNSET; 2]];
    let mut data = Vec::new();
    for (network, value) in networks {
        let network: ipnet::IpNet = network.parse().unwrap();
        let (bits, width) = match network.addr() {
            std::net::IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
            std::net::IpAddr::V6(address) => (u128::from(address), 128),
        };
        let mut node = 0;
        for depth in 0..network.prefix_len() {
            let side = usize::try_from(bits >> (width - 1 - depth) & 1).unwrap();
            if depth + 1 == network.prefix_len() {
                nodes[node][side] = DATA | u32::try_from(data.len()).unwrap();
            } else if nodes[node][side] == UNSET {
                nodes[node][side] = u32::try_from(nodes.len()).unwrap();
                node = nodes.len();
                nodes.push([UNSET; 2]);
            } else {
                node = usize::try_from(nodes[node][side]).unwrap();
            }
        }
        value.write(&mut data);
    }
    let count = u32::try_from(nodes.len()).unwrap();
    let record = |record: u32| match record {
        UNSET => count,
        pointer if pointer & DATA != 0 => count + 16 + (pointer & !DATA),
        node => node,
    };
    let mut bytes: Vec<u8> = nodes
        .iter()
        .flatten()
        .flat_map(|child| record(*child).to_be_bytes())
        .collect();
    bytes.extend([0; 16]);
    bytes.extend(data);
    bytes.extend(b"\xab\xcd\xefMaxMind.com");
    Value::Map(vec![
        ("binary_format_major_version", Value::Short(2)),
        ("binary_format_minor_version", Value::Short(0)),
        ("build_epoch", Value::Long(1_780_000_000)),
        ("database_type", Value::Text("sample")),
        ("description", Value::Map(Vec::new())),
        ("ip_version", Value::Short(version)),
        ("languages", Value::List),
        ("node_count", Value::Number(count)),
        ("record_size", Value::Short(32)),
    ])
    .write(&mut bytes);
    bytes
}
