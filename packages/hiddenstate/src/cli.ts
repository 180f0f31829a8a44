import { Command } from "commander";
import { version } from "@hiddenstate/core";

const program = new Command("hiddenstate")
  .description("Train recurrent networks on your own sequences, and stream them.")
  .version(version);

await program.parseAsync();
