package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Calls of one kind: how many, and how they ended by code; Wrong counts answers that are not the right ones.
type tally struct {
	What  string         `json:"what"`
	Codes map[string]int `json:"codes"`
	Wrong int64          `json:"wrong"`
}

type client struct {
	conn   *grpc.ClientConn
	method string
}

func runClient(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("client", flag.ExitOnError)
	target := flags.String("target", "", "host:port")
	method := flags.String("method", "", "full method that answers with what it gets")
	ca := flags.String("ca", "", "PEM file of who signed the server's certificate; plain text without it")
	slow := flags.String("slow", "", "name=value of metadata that makes the node wait for a second")
	load := flags.Duration("load", 0, "how long to call for, while the server may stop; the other checks without it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	creds, err := credentialsOf(*ca)
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient(*target, grpc.WithTransportCredentials(creds),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 5 * time.Second, PermitWithoutStream: true}),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(64<<20), grpc.MaxCallSendMsgSize(64<<20)))
	if err != nil {
		return err
	}
	defer conn.Close()
	one := client{conn: conn, method: *method}
	if *load > 0 {
		one.underLoad(ctx, *load)
		return nil
	}
	say(one.many(ctx, "small", 200, 1, 10))
	say(one.many(ctx, "of 1 MB", 20, 4, 1<<20))
	say(one.many(ctx, "100 at once", 2000, 100, 3000))
	name, value := split(*slow)
	slowly := metadata.AppendToOutgoingContext(ctx, name, value)
	say(one.late(slowly))
	say(one.cancelled(slowly))
	say(one.many(ctx, "after that", 100, 10, 100))
	return nil
}

func split(pair string) (string, string) {
	for i := range pair {
		if pair[i] == '=' {
			return pair[:i], pair[i+1:]
		}
	}
	return pair, ""
}

func credentialsOf(ca string) (credentials.TransportCredentials, error) {
	if ca == "" {
		return insecure.NewCredentials(), nil
	}
	text, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", ca)
	}
	return credentials.NewTLS(&tls.Config{RootCAs: roots}), nil
}

// A SeldonMessage with binData of so many bytes.
func messageOf(size, seed int) []byte {
	body := bytes.Repeat([]byte(strconv.Itoa(seed)+","), size/len(strconv.Itoa(seed)+",")+1)[:size]
	head := []byte{0x22}
	for rest := size; ; rest >>= 7 {
		if rest < 0x80 {
			head = append(head, byte(rest))
			break
		}
		head = append(head, byte(rest&0x7f|0x80))
	}
	return append(head, body...)
}

func (c client) call(ctx context.Context, message []byte) ([]byte, error) {
	var reply []byte
	err := c.conn.Invoke(ctx, c.method, &message, &reply)
	return reply, err
}

func (c client) many(ctx context.Context, what string, count, atOnce, size int) tally {
	result := tally{What: what, Codes: map[string]int{}}
	var lock sync.Mutex
	var group sync.WaitGroup
	var next atomic.Int64
	for range atOnce {
		group.Go(func() {
			for i := next.Add(1); i <= int64(count); i = next.Add(1) {
				message := messageOf(size, int(i))
				reply, err := c.call(ctx, message)
				lock.Lock()
				result.Codes[status.Code(err).String()]++
				// The orchestrator may add meta in front.
				if err == nil && !bytes.HasSuffix(reply, message) && !bytes.Contains(reply, message) {
					result.Wrong++
				}
				lock.Unlock()
			}
		})
	}
	group.Wait()
	return result
}

// Calls whose deadline passes in the node.
func (c client) late(ctx context.Context) tally {
	result := tally{What: "deadline", Codes: map[string]int{}}
	for range 10 {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		_, err := c.call(short, messageOf(10, 1))
		cancel()
		result.Codes[status.Code(err).String()]++
	}
	return result
}

// Calls that the client gives up.
func (c client) cancelled(ctx context.Context) tally {
	result := tally{What: "cancel", Codes: map[string]int{}}
	for range 10 {
		given, cancel := context.WithCancel(ctx)
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := c.call(given, messageOf(100_000, 1))
		cancel()
		result.Codes[status.Code(err).String()]++
	}
	return result
}

// Calls until the time is over. A server that drains answers what it took: the rest finds nobody, and is counted apart.
func (c client) underLoad(ctx context.Context, span time.Duration) {
	result := tally{What: "load", Codes: map[string]int{}}
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	var lock sync.Mutex
	var group sync.WaitGroup
	say(map[string]string{"what": "begun"})
	for worker := range 20 {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				message := messageOf(1+i*37%5000, worker)
				reply, err := c.call(ctx, message)
				code := status.Code(err).String()
				if ctx.Err() != nil {
					return
				}
				if status.Code(err) == codes.Unavailable {
					// "connection refused": it was never sent.
					code = status.Convert(err).Message()
					if bytes.Contains([]byte(code), []byte("connect: connection refused")) {
						code = "nobody listens"
						time.Sleep(5 * time.Millisecond)
					}
				}
				lock.Lock()
				result.Codes[code]++
				if err == nil && !bytes.Contains(reply, message) {
					result.Wrong++
				}
				lock.Unlock()
			}
		})
	}
	group.Wait()
	say(result)
}
