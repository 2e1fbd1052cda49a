import { stepFunctionsSuite } from "./suite.ts";
import { onLmdb } from "./workshop.ts";

stepFunctionsSuite("lmdb", onLmdb);
