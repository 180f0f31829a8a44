export * from "@hiddenstate/core";
