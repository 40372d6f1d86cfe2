//! A name server that says what it is told to say.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use tokio::{net::UdpSocket, task::JoinHandle};

/// The types of records that hold addresses.
const A: u16 = 1;
const AAAA: u16 = 28;

/// What is known, by name: addresses, and for how many seconds they may be kept.
type Zone = BTreeMap<&'static str, (Vec<IpAddr>, u32)>;

/// A name server, until it is dropped.
#[derive(Debug)]
pub struct NameServer {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl NameServer {
    /// Answers at a free port of 127.0.0.1 by UDP. Names that are not in `zone` do not exist.
    pub async fn start(zone: Zone) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            let mut packet = [0; 1500];
            loop {
                let (length, client) = socket.recv_from(&mut packet).await.unwrap();
                let (name, answer) = answer(&packet[..length], &zone);
                kept.lock().unwrap().push(name);
                socket.send_to(&answer, client).await.unwrap();
            }
        });
        Self {
            address,
            asked,
            task,
        }
    }

    /// How often it was asked for an address of `name`, of either family.
    pub fn times_asked(&self, name: &str) -> usize {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|known| *known == name).count()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The name that is asked for, and the answer, as RFC 1035 has them.
fn answer(question: &[u8], zone: &Zone) -> (String, Vec<u8>) {
    let mut labels = Vec::new();
    let mut end = 12;
    while question[end] > 0 {
        let label = &question[end + 1..end + 1 + usize::from(question[end])];
        labels.push(String::from_utf8(label.to_vec()).unwrap().to_lowercase());
        end += 1 + label.len();
    }
    let name = labels.join(".");
    let kind = u16::from_be_bytes([question[end + 1], question[end + 2]]);
    let question = &question[..end + 5];
    let known = zone.get(name.as_str());
    let records: Vec<_> = known
        .iter()
        .flat_map(|(addresses, ttl)| addresses.iter().map(move |address| (address, *ttl)))
        .filter_map(|(address, ttl)| {
            let (of_kind, data) = match address {
                IpAddr::V4(address) => (A, address.octets().to_vec()),
                IpAddr::V6(address) => (AAAA, address.octets().to_vec()),
            };
            (of_kind == kind).then_some((data, ttl))
        })
        .collect();
    let mut answer = question.to_vec();
    // An answer to a question for recursion: no error, or no such name.
    answer[2..4].copy_from_slice(if known.is_some() {
        &[0x81, 0x80]
    } else {
        &[0x81, 0x83]
    });
    answer[6..12].copy_from_slice(&[0, u8::try_from(records.len()).unwrap(), 0, 0, 0, 0]);
    for (data, ttl) in records {
        // The name is that of the question.
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1]);
        answer.extend(ttl.to_be_bytes());
        answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        answer.extend(data);
    }
    (name, answer)
}
