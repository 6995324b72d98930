// gRPC peers of another implementation (grpc-go), for tests: `client` calls an orchestrator, `server` is a node of one.
// Both say what they saw as JSON on standard output. Messages stay bytes.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("client or server?")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Second)
	defer cancel()
	var err error
	switch os.Args[1] {
	case "client":
		err = runClient(ctx, os.Args[2:])
	case "server":
		err = runServer(ctx, os.Args[2:])
	default:
		err = fmt.Errorf("neither client nor server: %s", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func say(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		log.Fatal(err)
	}
}

// The codec that leaves messages as they are.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(value any) ([]byte, error) {
	return *value.(*[]byte), nil
}

func (rawCodec) Unmarshal(data []byte, value any) error {
	*value.(*[]byte) = append([]byte(nil), data...)
	return nil
}
