/** Vite gives a file's address for an import that ends in `?url`. */
declare module "*.wasm?url" {
  const address: string;
  export default address;
}
