/** The parts of packages without types that the tests use. */
declare module "smtp-server" {
  import type { AddressInfo } from "node:net";
  import type { Readable } from "node:stream";

  export interface SMTPSession {
    readonly envelope: { readonly rcptTo: readonly { readonly address: string }[] };
  }

  export class SMTPServer {
    constructor(options: {
      readonly authOptional?: boolean;
      readonly disabledCommands?: readonly string[];
      readonly onRcptTo?: (
        address: { readonly address: string },
        session: SMTPSession,
        done: (error?: Error) => void,
      ) => void;
      readonly onData?: (
        stream: Readable,
        session: SMTPSession,
        done: (error?: Error) => void,
      ) => void;
    });
    readonly server: { address(): AddressInfo };
    listen(port: number, host: string, done: () => void): void;
    close(done: () => void): void;
  }
}

declare module "sns-validator" {
  export default class MessageValidator {
    constructor(hostPattern?: RegExp);
    validate(message: string, done: (error: Error | null, message: unknown) => void): void;
  }
}
