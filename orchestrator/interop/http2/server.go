package main

import (
	"context"
	"crypto/tls"
	"flag"
	"io"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// Answers each unary call with what it got; metadata `x-wait` has it wait for so long first. Ends with standard input.
func runServer(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("server", flag.ExitOnError)
	streams := flags.Uint("streams", 0, "most streams at once on a connection; 0: no limit")
	window := flags.Int("window", 0, "window of streams and connections; 0: as grpc-go likes")
	age := flags.Duration("age", 0, "age at which connections are drained; 0: never")
	cert := flags.String("cert", "", "PEM file of a certificate; plain text without it")
	key := flags.String("key", "", "PEM file of its key")
	if err := flags.Parse(args); err != nil {
		return err
	}
	options := []grpc.ServerOption{
		grpc.ForceServerCodec(rawCodec{}),
		grpc.UnknownServiceHandler(echo),
		grpc.MaxRecvMsgSize(64 << 20),
		grpc.MaxSendMsgSize(64 << 20),
	}
	if *streams > 0 {
		options = append(options, grpc.MaxConcurrentStreams(uint32(*streams)))
	}
	if *window > 0 {
		options = append(options, grpc.InitialWindowSize(int32(*window)), grpc.InitialConnWindowSize(int32(*window)))
	}
	if *age > 0 {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: *age, MaxConnectionAgeGrace: 5 * time.Second}))
	}
	if *cert != "" {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{pair}})))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := grpc.NewServer(options...)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		server.Stop()
	}()
	say(map[string]int{"port": listener.Addr().(*net.TCPAddr).Port})
	return server.Serve(listener)
}

func echo(_ any, stream grpc.ServerStream) error {
	var message []byte
	if err := stream.RecvMsg(&message); err != nil {
		return err
	}
	if waits := metadata.ValueFromIncomingContext(stream.Context(), "x-wait"); len(waits) > 0 {
		wait, err := time.ParseDuration(waits[0])
		if err != nil {
			return err
		}
		select {
		case <-time.After(wait):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
	return stream.SendMsg(&message)
}
