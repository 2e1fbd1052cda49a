import { stepFunctionsSuite } from "./suite.ts";
import { inMemory } from "./workshop.ts";

stepFunctionsSuite("memory", inMemory);
