//! Writes small files in the MaxMind DB format, version 2.0 (<https://maxmind.github.io/MaxMind-DB/>): there is no free
//! database that could be part of the repository.

use std::path::PathBuf;

use ipnet::IpNet;

/// What a record holds.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Map(Vec<(&'static str, Self)>),
    List(Vec<Self>),
    Text(&'static str),
    Double(f64),
    Float(f32),
    /// Unsigned, 16 bits.
    Short(u16),
    /// Unsigned, 32 bits.
    Word(u32),
    /// Unsigned, 64 bits.
    Long(u64),
}

/// A database: its layout, and a record for each network. No network may contain another.
#[derive(Debug)]
pub(crate) struct Mmdb {
    pub(crate) ip_version: u16,
    /// 24 or 32.
    pub(crate) record_bits: u16,
    pub(crate) networks: Vec<(&'static str, Value)>,
}

#[derive(Debug, Clone, Copy)]
enum Record {
    Empty,
    Node(usize),
    Data(usize),
}

impl Mmdb {
    /// The file `name`, in a directory for temporary files.
    pub(crate) fn write(&self, name: &str) -> PathBuf {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::write(&path, self.bytes()).unwrap();
        path
    }

    fn bytes(&self) -> Vec<u8> {
        let (mut nodes, mut data) = (vec![[Record::Empty; 2]], Vec::new());
        for (network, value) in &self.networks {
            let bits = self.path_to(network.parse().unwrap());
            let (last, inner) = bits.split_last().unwrap();
            let mut node = 0;
            for &bit in inner {
                node = if let Record::Node(next) = nodes[node][bit] {
                    next
                } else {
                    nodes.push([Record::Empty; 2]);
                    let next = nodes.len() - 1;
                    nodes[node][bit] = Record::Node(next);
                    next
                };
            }
            nodes[node][*last] = Record::Data(data.len());
            value.encode(&mut data);
        }

        let mut file = Vec::new();
        for record in nodes.iter().flatten() {
            let pointer = match record {
                Record::Empty => nodes.len(),
                Record::Node(node) => *node,
                Record::Data(offset) => nodes.len() + 16 + offset,
            };
            let wide = u32::try_from(pointer).unwrap().to_be_bytes();
            file.extend(&wide[4 - usize::from(self.record_bits / 8)..]);
        }
        file.extend([0; 16]);
        file.extend(data);
        file.extend(b"\xab\xcd\xefMaxMind.com");
        self.metadata(nodes.len()).encode(&mut file);
        file
    }

    /// The branches of the tree, from the root to `network`: IPv4 is under ::/96 in a tree for IPv6.
    fn path_to(&self, network: IpNet) -> Vec<usize> {
        let (address, length) = match network {
            IpNet::V4(v4) if self.ip_version == 4 => {
                (u128::from(v4.addr().to_bits()) << 96, v4.prefix_len())
            }
            IpNet::V4(v4) => (v4.addr().to_bits().into(), v4.prefix_len() + 96),
            IpNet::V6(v6) => (v6.addr().to_bits(), v6.prefix_len()),
        };
        (0..length)
            .map(|bit| usize::from(address & (1 << (127 - bit)) != 0))
            .collect()
    }

    fn metadata(&self, nodes: usize) -> Value {
        Value::Map(vec![
            ("binary_format_major_version", Value::Short(2)),
            ("binary_format_minor_version", Value::Short(0)),
            ("build_epoch", Value::Long(1_760_000_000)),
            ("database_type", Value::Text("Test-City")),
            ("description", Value::Map(Vec::new())),
            ("ip_version", Value::Short(self.ip_version)),
            ("languages", Value::List(Vec::new())),
            ("node_count", Value::Word(u32::try_from(nodes).unwrap())),
            ("record_size", Value::Short(self.record_bits)),
        ])
    }
}

impl Value {
    /// A control byte with type and size, then the value.
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Map(entries) => {
                out.push(7 << 5 | size(entries.len()));
                for (key, value) in entries {
                    Self::Text(key).encode(out);
                    value.encode(out);
                }
            }
            Self::List(values) => {
                // Types above 7 are 0, and 7 less in a byte of their own.
                out.extend([size(values.len()), 11 - 7]);
                for value in values {
                    value.encode(out);
                }
            }
            Self::Text(text) => {
                out.push(2 << 5 | size(text.len()));
                out.extend(text.as_bytes());
            }
            Self::Double(number) => {
                out.push(3 << 5 | 8);
                out.extend(number.to_be_bytes());
            }
            Self::Float(number) => {
                out.extend([4, 15 - 7]);
                out.extend(number.to_be_bytes());
            }
            Self::Short(number) => {
                out.push(5 << 5 | 2);
                out.extend(number.to_be_bytes());
            }
            Self::Word(number) => {
                out.push(6 << 5 | 4);
                out.extend(number.to_be_bytes());
            }
            Self::Long(number) => {
                out.extend([8, 9 - 7]);
                out.extend(number.to_be_bytes());
            }
        }
    }
}

/// Sizes from 29 on have another form, which tests do not need.
fn size(size: usize) -> u8 {
    assert!(size < 29);
    u8::try_from(size).unwrap()
}
