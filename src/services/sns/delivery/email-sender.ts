import type { Transporter } from "nodemailer";
import { failedForGood, failedForNow } from "./outcome.ts";
import type { Outcome } from "./outcome.ts";

/** A mail as it is to be sent. */
export interface Mail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly contentType?: string;
  readonly messageId: string;
}

/** Sends mail through one SMTP server. The only file that knows the mail client. */
export class EmailSender {
  readonly #url: string;
  readonly #timeoutMs: number;
  #transport: Promise<Transporter> | undefined;

  /** `url` is like `smtp://user:password@host:587`. */
  constructor(url: string, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  /** One attempt. Never throws. */
  async send(mail: Mail): Promise<Outcome> {
    try {
      this.#transport ??= this.#connect();
      const transport = await this.#transport;
      // Sent, not made into a template: neither files nor URLs in it are read.
      const sent: unknown = await transport.sendMail({
        from: mail.from,
        to: mail.to,
        subject: mail.subject,
        text: mail.text,
        headers: { "X-Amz-Sns-Message-Id": mail.messageId },
        disableFileAccess: true,
        disableUrlAccess: true,
      });
      const response = isAnswer(sent) ? sent.response : "";
      return { kind: "delivered", statusCode: 250, response };
    } catch (error) {
      return failureOf(error);
    }
  }

  async #connect(): Promise<Transporter> {
    const { createTransport } = await import("nodemailer");
    return createTransport({
      url: this.#url,
      connectionTimeout: this.#timeoutMs,
      greetingTimeout: this.#timeoutMs,
      socketTimeout: this.#timeoutMs,
    });
  }
}

function isAnswer(sent: unknown): sent is { readonly response: string } {
  return (
    typeof sent === "object" &&
    sent !== null &&
    "response" in sent &&
    typeof sent.response === "string"
  );
}

/** 5xx answers to the mail itself are final (RFC 5321, 4.2.1); all else may pass. */
function failureOf(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error);
  const status =
    error instanceof Error && "responseCode" in error ? Number(error.responseCode) : undefined;
  const code = error instanceof Error && "code" in error ? String(error.code) : "SmtpFailed";
  return status !== undefined && status >= 500 && code !== "EAUTH"
    ? failedForGood(code, message, status)
    : failedForNow(code, message, status);
}
