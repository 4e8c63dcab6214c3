import { recall } from "./theme";

recall();
