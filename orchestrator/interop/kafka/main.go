// A Kafka broker and a consumer for tests: franz-go's kfake serves the protocol in memory, and its client, which is not
// ours either, reads one topic. The first line on standard output says where the broker is, each later one is a
// message. Ends when standard input does.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"flag"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

type settings struct {
	port                         int
	topic, mechanism, user, pass string
	tls                          bool
}

// What is said of a message: bytes in base64, headers as text.
type message struct {
	Value     []byte            `json:"value"`
	HasKey    bool              `json:"hasKey"`
	Headers   map[string]string `json:"headers"`
	Timestamp int64             `json:"timestampMs"`
}

func main() {
	var s settings
	flag.IntVar(&s.port, "port", 0, "port of the broker; 0 takes a free one")
	flag.StringVar(&s.topic, "topic", "seldon", "topic to read")
	flag.StringVar(&s.mechanism, "sasl", "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; none when empty")
	flag.StringVar(&s.user, "user", "", "user of SASL")
	flag.StringVar(&s.pass, "pass", "", "password of SASL")
	flag.BoolVar(&s.tls, "tls", false, "speak TLS with a certificate of its own")
	flag.Parse()
	if err := run(s); err != nil {
		log.Fatal(err)
	}
}

func run(s settings) error {
	broker := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(s.port), kfake.AllowAutoTopicCreation(), kfake.DefaultNumPartitions(3)}
	client := []kgo.Opt{kgo.ConsumeTopics(s.topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.MetadataMinAge(100 * time.Millisecond), kgo.MetadataMaxAge(250 * time.Millisecond), kgo.UnknownTopicRetries(-1)}
	authority := ""
	if s.tls {
		server, roots, text, err := certificate()
		if err != nil {
			return err
		}
		authority = text
		broker = append(broker, kfake.TLS(server))
		client = append(client, kgo.DialTLSConfig(&tls.Config{RootCAs: roots}))
	}
	if s.mechanism != "" {
		broker = append(broker, kfake.EnableSASL(), kfake.Superuser(s.mechanism, s.user, s.pass))
		client = append(client, kgo.SASL(mechanismOf(s)))
	}
	cluster, err := kfake.NewCluster(broker...)
	if err != nil {
		return err
	}
	defer cluster.Close()
	addresses := cluster.ListenAddrs()
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(map[string]string{"address": addresses[0], "ca": authority}); err != nil {
		return err
	}
	consumer, err := kgo.NewClient(append(client, kgo.SeedBrokers(addresses...))...)
	if err != nil {
		return err
	}
	defer consumer.Close()
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return tell(ctx, consumer, out)
}

// Writes every message until the context ends.
func tell(ctx context.Context, consumer *kgo.Client, out *json.Encoder) error {
	for ctx.Err() == nil {
		var failed error
		consumer.PollFetches(ctx).EachRecord(func(record *kgo.Record) {
			headers := map[string]string{}
			for _, header := range record.Headers {
				headers[header.Key] = string(header.Value)
			}
			one := message{Value: record.Value, HasKey: record.Key != nil, Headers: headers, Timestamp: record.Timestamp.UnixMilli()}
			if err := out.Encode(one); err != nil {
				failed = err
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

func mechanismOf(s settings) sasl.Mechanism {
	switch s.mechanism {
	case "SCRAM-SHA-256":
		return scram.Auth{User: s.user, Pass: s.pass}.AsSha256Mechanism()
	case "SCRAM-SHA-512":
		return scram.Auth{User: s.user, Pass: s.pass}.AsSha512Mechanism()
	default:
		return plain.Auth{User: s.user, Pass: s.pass}.AsMechanism()
	}
}

// A certificate for 127.0.0.1 that signs itself: the server's settings, who trusts it, and its PEM.
func certificate() (*tls.Config, *x509.CertPool, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, "", err
	}
	template := x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "kafka"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IPAddresses:           []net.IP{net.ParseIP("127.0.0.1")},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, "", err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(text)
	server := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	return server, roots, string(text), nil
}
