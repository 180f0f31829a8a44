// Builds the WebAssembly modules from the C sources in src/.
console.log("kernels: no C sources yet, nothing to build");
