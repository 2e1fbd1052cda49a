/** Whether an address is this machine's own: 127.0.0.0/8, also mapped into IPv6, and ::1. */
export function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address);
}
