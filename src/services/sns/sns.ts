import type { Deps } from "../../kernel/operation.ts";
import type { Routes } from "./publish/routes.ts";
import type { Signer } from "./signing/signer.ts";

/** What the parts of SNS share. */
export interface Sns {
  readonly deps: Deps;
  readonly routes: Routes;
  readonly signer: Signer;
}

/** A member map that has the API's required members, which the wire has checked. */
export type Having<Input, Required extends keyof Input> = Input & {
  readonly [Name in Required]-?: NonNullable<Input[Name]>;
};
