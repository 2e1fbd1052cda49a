/** Who asks: the account and region that resources belong to, and the principal for policies. */
export interface Caller {
  /** 12 digits. */
  readonly accountId: string;
  /** For example `us-east-1`. */
  readonly region: string;
  /** Access key id of the request, empty for an unsigned one. */
  readonly accessKeyId: string;
  /** ARN of the principal, for example `arn:aws:iam::000000000000:root`. */
  readonly principalArn: string;
}

/** The account of every credential that is not itself a 12-digit account number. */
export const DEFAULT_ACCOUNT_ID = "000000000000";

/** The caller that an access key id stands for: 12 digits are an account, anything else the default. */
export function callerOf(accessKeyId: string, region: string): Caller {
  const accountId = /^\d{12}$/.test(accessKeyId) ? accessKeyId : DEFAULT_ACCOUNT_ID;
  return { accountId, region, accessKeyId, principalArn: `arn:aws:iam::${accountId}:root` };
}

/** Whether a text can be a region's name; keys and ARNs hold it. */
export function isRegionName(text: string): boolean {
  return /^[A-Za-z0-9-]{1,32}$/.test(text);
}
