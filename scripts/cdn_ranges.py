#!/usr/bin/env python3
"""Writes src/locations/data/cdn_ranges.yaml from the lists that the operators publish.

    scripts/cdn_ranges.py DATE DIRECTORY > src/locations/data/cdn_ranges.yaml

DIRECTORY has the lists under these names: cloudflare-v4.txt and cloudflare-v6.txt (www.cloudflare.com/ips-v4, ips-v6),
aws.json (ip-ranges.amazonaws.com/ip-ranges.json), fastly.json (api.fastly.com/public-ip-list), akamai.txt
(techdocs.akamai.com/property-mgr/docs/origin-ip-access-control), goog.txt and cloud.json (www.gstatic.com/ipranges).
A file `dates.json` in it may give the date of a list that is older than DATE: {"akamai.txt": "2024-01-24"}.
"""

import ipaddress
import json
import pathlib
import sys

# Allocations of Google that customers of its cloud use, or will: what of them is not in cloud.json yet is no front end.
CLOUD = ["8.34.208.0/20", "8.35.192.0/20", "8.228.0.0/14", "8.232.0.0/14", "8.236.0.0/15", "23.236.48.0/20",
         "23.251.128.0/19", "34.0.0.0/9", "34.128.0.0/10", "35.184.0.0/13", "35.192.0.0/11", "35.224.0.0/12",
         "35.240.0.0/13", "35.252.0.0/14", "104.154.0.0/15", "104.196.0.0/14", "107.167.160.0/19", "107.178.192.0/18",
         "108.59.80.0/20", "130.211.0.0/16", "136.22.0.0/15", "136.64.0.0/10", "146.148.0.0/17", "162.120.128.0/17",
         "162.216.148.0/22", "162.222.176.0/21", "173.255.112.0/20", "192.158.28.0/22", "199.192.112.0/22",
         "199.223.232.0/21", "207.175.0.0/16", "2600:1900::/28"]

# The documented addresses of private.googleapis.com and restricted.googleapis.com, which no list has.
PRIVATE = ["199.36.153.4/30", "199.36.153.8/30"]

HEADER = """\
# Networks whose addresses are answered from many sites: by anycast, or by a name server that gives the nearest. Where a
# location database places such an address says nothing about where the data are.
#
# Facts of the operators' published lists, merged to the fewest ranges by scripts/cdn_ranges.py, which names the lists. `as_of`
# is the day of the copy that was read. Google's front ends are its announced ranges without those of its cloud. Not
# covered: the delivery network of Azure, and caches in the networks of others.
"""


def networks(texts):
    nets = [ipaddress.ip_network(text) for text in texts]
    merged = []
    for version in (4, 6):
        merged += ipaddress.collapse_addresses(net for net in nets if net.version == version)
    return merged


def without(nets, others):
    for other in networks(others):
        rest = []
        for net in nets:
            if net.version != other.version or not net.overlaps(other):
                rest.append(net)
            elif net.supernet_of(other):
                rest += net.address_exclude(other)
        nets = rest
    return networks(map(str, nets))


def lines(path):
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def prefixes(entries):
    return [entry.get("ip_prefix") or entry.get("ipv6_prefix") or entry.get("ipv4Prefix") or entry.get("ipv6Prefix")
            for entry in entries]


def main(date, directory):
    directory = pathlib.Path(directory)
    dates = directory / "dates.json"
    dates = json.loads(dates.read_text()) if dates.exists() else {}
    aws = json.loads((directory / "aws.json").read_text())
    aws = aws["prefixes"] + aws["ipv6_prefixes"]
    fastly = json.loads((directory / "fastly.json").read_text())
    cloud = json.loads((directory / "cloud.json").read_text())["prefixes"]
    goog = networks(lines(directory / "goog.txt") + PRIVATE)

    def of_aws(service):
        # The ranges of one region are those of caches between the sites and the origin.
        return prefixes(entry for entry in aws if entry["service"] == service and entry["region"] == "GLOBAL")

    balancers = prefixes(entry for entry in cloud if entry["scope"] == "global")
    operators = [
        ("Cloudflare", "cloudflare-v4.txt", lines(directory / "cloudflare-v4.txt") + lines(directory / "cloudflare-v6.txt")),
        ("Amazon CloudFront", "aws.json", of_aws("CLOUDFRONT")),
        ("AWS Global Accelerator", "aws.json", of_aws("GLOBALACCELERATOR")),
        ("Fastly", "fastly.json", fastly["addresses"] + fastly["ipv6_addresses"]),
        ("Akamai", "akamai.txt", lines(directory / "akamai.txt")),
        ("Google's front ends", "goog.txt", map(str, without(goog, prefixes(cloud) + CLOUD))),
        ("Google Cloud's load balancers", "cloud.json", balancers),
    ]
    print(HEADER)
    for name, file, ranges in operators:
        print(f"- operator: {name}\n  as_of: {dates.get(file, date)}\n  ranges:")
        for net in networks(ranges):
            print(f"    - {net}")


if __name__ == "__main__":
    main(*sys.argv[1:])
