import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";

/**
 * Where clouds serve credentials to whoever asks: link-local addresses, and those of AWS on IPv6
 * (EC2 User Guide, "Use the Instance Metadata Service").
 */
const METADATA = new BlockList();
METADATA.addSubnet("169.254.0.0", 16, "ipv4");
METADATA.addSubnet("fe80::", 10, "ipv6");
METADATA.addSubnet("fd00:ec2::", 32, "ipv6");

/** The address of instance metadata that a URL's host stands for; undefined when it is none. Rejects when the name does not resolve. */
export async function metadataAddress(url: URL): Promise<string | undefined> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
  return addresses
    .map(({ address }) => address)
    .find((address) => METADATA.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"));
}
