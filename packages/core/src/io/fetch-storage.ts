import { HiddenstateError } from "../errors.ts";
import type { ReadableStorage } from "./model-storage.ts";

/**
 * A model's files behind a URL, to be loaded in a web page or at the edge: a folder that `train` wrote, served as it is. `config.json`,
 * `model.safetensors` and, where there are, `tokenizer.json` and `calibration.json` are all that is asked for.
 *
 * @throws HiddenstateError `storage`, from `read`, where the server can't be reached or answers with an error
 * @example
 * const model = await loadTextModel(new FetchStorage("/models/shakespeare"));
 */
export class FetchStorage implements ReadableStorage {
  readonly location: string;
  readonly #options: RequestInit;

  /**
   * @param location the folder's URL, absolute, or relative to the page
   * @param options of every request, such as its headers
   */
  constructor(location: string, options: RequestInit = {}) {
    this.location = location.replace(/\/+$/, "");
    this.#options = options;
  }

  async read(path: string): Promise<Uint8Array | null> {
    const url = `${this.location}/${path}`;
    let response: Response;
    try {
      response = await fetch(url, this.#options);
    } catch (fault) {
      throw failed(url, String(fault instanceof Error ? fault.message : fault));
    }
    // Servers of single-page applications send their page for whatever is not there.
    if (response.status === 404 || response.headers.get("content-type")?.startsWith("text/html")) return null;
    if (!response.ok) throw failed(url, `the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }
}

function failed(url: string, why: string): HiddenstateError {
  return new HiddenstateError("storage", `cannot read ${url}: ${why}; is the folder of the model served there?`);
}
