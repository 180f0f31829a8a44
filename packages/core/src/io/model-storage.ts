/** What loading a model takes: files that can be read. */
export interface ReadableStorage {
  /** How messages name it, such as `"runs/shakespeare"`. */
  readonly location: string;
  /** The bytes of a file, or null if there is none. */
  read(path: string): Promise<Uint8Array | null>;
}

/**
 * Where a model's files lie: a folder, or whatever stands for one. Core knows nothing of files; the Node side implements this
 * with a folder on disk, a browser with what it likes, tests with `MemoryStorage`.
 *
 * (The design's `Storage`, named so that it is told apart from the browser's global of that name.)
 *
 * Paths are relative, with forward slashes, such as `"training/last.safetensors"`. Where something can't be done (not
 * writable, disk full), methods throw a HiddenstateError with code `storage` that names the file and what to do.
 */
export interface ModelStorage extends ReadableStorage {
  /**
   * Replaces a file as a whole: after it, or after a crash at any moment, the file has either its old or its new bytes. On a
   * disk: a temporary name, fsync, rename, fsync of the folder. Makes the folders on the way.
   */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Adds UTF-8 text to the end of a file, which is made where there is none. */
  append(path: string, text: string): Promise<void>;
  /** Size of a file in bytes, or null if there is none. */
  size(path: string): Promise<number | null>;
  /** Cuts a file back to its first bytes; a shorter or missing file stays as it is. */
  truncate(path: string, bytes: number): Promise<void>;
}

/**
 * Files in memory: for browsers without a store of their own, and for tests.
 *
 * @example
 * const storage = new MemoryStorage();
 * await saveModel(storage, { config, parameters: model.stateDict() });
 */
export class MemoryStorage implements ModelStorage {
  readonly location: string;
  /** The files by path. */
  readonly files: Map<string, Uint8Array> = new Map();

  constructor(location = "memory") {
    this.location = location;
  }

  async read(path: string): Promise<Uint8Array | null> {
    const bytes = this.files.get(path);
    return bytes ? new Uint8Array(bytes) : null;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.files.set(path, new Uint8Array(bytes));
  }

  async append(path: string, text: string): Promise<void> {
    const before = this.files.get(path) ?? new Uint8Array();
    const added = new TextEncoder().encode(text);
    const after = new Uint8Array(before.length + added.length);
    after.set(before);
    after.set(added, before.length);
    this.files.set(path, after);
  }

  async size(path: string): Promise<number | null> {
    return this.files.get(path)?.length ?? null;
  }

  async truncate(path: string, bytes: number): Promise<void> {
    const file = this.files.get(path);
    if (file && file.length > bytes) this.files.set(path, file.slice(0, bytes));
  }
}
