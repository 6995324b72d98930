// The functions of the host, Proxy-Wasm 0.2.1. Each returns a status; 0 is Ok.

// @ts-ignore: decorator
@external("env", "proxy_log")
export declare function proxyLog(level: i32, text: usize, length: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_buffer_bytes")
export declare function proxyGetBufferBytes(type: i32, start: i32, max: i32, dataOut: usize, lengthOut: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_get_header_map_pairs")
export declare function proxyGetHeaderMapPairs(map: i32, dataOut: usize, lengthOut: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_replace_header_map_value")
export declare function proxyReplaceHeaderMapValue(map: i32, key: usize, keyLength: usize, value: usize, valueLength: usize): i32;
// @ts-ignore: decorator
@external("env", "proxy_remove_header_map_value")
export declare function proxyRemoveHeaderMapValue(map: i32, key: usize, keyLength: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "random_get")
export declare function randomGet(bytes: usize, length: usize): i32;
