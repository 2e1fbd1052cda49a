/** What services read of their options; here, since no service is loaded when a server starts. */
const NAMES: readonly string[] = [
  "sns.allowForeignRedirects",
  "sns.allowMetadataAddresses",
  "sns.certificateBaseUrl",
  "sns.emailFrom",
  "sns.httpTimeoutMs",
  "sns.smsSandbox",
  "sns.smtpUrl",
  "states.connections",
  "states.objectFolder",
];

/** No service reads an option of that name: what it was meant to say would go unheard. */
export class UnknownServiceOption extends Error {
  override readonly name = "UnknownServiceOption";

  constructor(name: string) {
    super(`No service has the option ${name}; there are ${NAMES.join(", ")}`);
  }
}

/** Throws {@link UnknownServiceOption} unless a service reads each of the options. */
export function checkServiceOptions(options: Readonly<Record<string, string>>): void {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) throw new UnknownServiceOption(unknown);
}
