// An application of grpc-go that has its configuration from GRPC_XDS_BOOTSTRAP and no proxy.
//
//	mesh-xds-client TARGET    calls 40 times, again and again for three minutes, and prints who answered whenever that is another than before:
//	                          names, sorted, with blanks between
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/xds"
)

// Messages of the service are plain text.
type text struct{}

func (text) Name() string                           { return "proto" }
func (text) Marshal(value any) ([]byte, error)      { return []byte(*value.(*string)), nil }
func (text) Unmarshal(data []byte, value any) error { *value.(*string) = string(data); return nil }

func answers(channel *grpc.ClientConn) (string, error) {
	names := map[string]bool{}
	for call := 0; call < 40; call++ {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		question, name := "", ""
		err := channel.Invoke(ctx, "/mesh.e2e.Named/Name", &question, &name, grpc.ForceCodec(text{}), grpc.WaitForReady(true))
		cancel()
		if err != nil {
			return "", err
		}
		names[name] = true
	}
	var sorted []string
	for name := range names {
		sorted = append(sorted, name)
	}
	sort.Strings(sorted)
	return strings.Join(sorted, " "), nil
}

func main() {
	channel, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
	last := ""
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		names, err := answers(channel)
		if err != nil {
			names = "nobody: " + err.Error()
		}
		if names != last {
			fmt.Println("answered by", names)
			last = names
		}
	}
}
