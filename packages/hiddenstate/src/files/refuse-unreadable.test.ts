import { expect, test } from "vitest";
import { refuseUnreadable } from "./refuse-unreadable.ts";

test.each(["-", ...(process.platform === "win32" ? [] : ["/dev/null"])])(
  "%s can't be read more than once, so it is refused with what to do",
  async (path) => {
    await expect(refuseUnreadable(path, false)).rejects.toMatchObject({
      code: "unsupported",
      message: `unsupported data ${path}: it is standard input or a pipe, and data is read more than once; write it to a file first (cat > data.txt), and give that`,
    });
  },
);

test("a packed file is refused with what unpacks it, unless its bytes are learned", async () => {
  await expect(refuseUnreadable("runs/book.txt.gz", false)).rejects.toThrow(
    "unsupported file runs/book.txt.gz: it is compressed; unpack it first (gunzip -k runs/book.txt.gz)",
  );
  await refuseUnreadable("runs/book.txt.gz", true);
});

test("files and folders are taken, and what is not there is for whoever reads it", async () => {
  for (const path of [".", "package.json", "nowhere.txt"]) await refuseUnreadable(path, false);
});
