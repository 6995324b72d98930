/**
 * A filter that takes any configuration and traps at every request:
 *
 *     (memory (export "memory") 1)
 *     (func (export "_initialize"))
 *     (func (export "proxy_abi_version_0_2_1"))
 *     (func (export "proxy_on_memory_allocate") (param i32) (result i32) i32.const 0)
 *     (func (export "proxy_on_configure") (param i32 i32) (result i32) i32.const 1)
 *     (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32) unreachable)
 */
export const TRAPPING: Uint8Array = Buffer.from(
  [
    "AGFzbQEAAAABFgRgAABgAX8Bf2ACf38Bf2ADf39/AX8DBgUAAAECAwUDAQABB30GBm1lbW9yeQIAC19pbml0aWFsaXplAAAXcHJveHlfYWJpX3",
    "ZlcnNpb25fMF8yXzEAARhwcm94eV9vbl9tZW1vcnlfYWxsb2NhdGUAAhJwcm94eV9vbl9jb25maWd1cmUAAxhwcm94eV9vbl9yZXF1ZXN0X2hl",
    "YWRlcnMABAoVBQIACwIACwQAQQALBABBAQsDAAAL",
  ].join(""),
  "base64",
);
