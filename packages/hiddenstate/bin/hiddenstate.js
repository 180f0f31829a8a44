#!/usr/bin/env node
// Committed, not built: npm links a package's commands at install time, when dist/ may not be there yet.
import "../dist/cli.js";
