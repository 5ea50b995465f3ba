// An application with a SPIFFE library and none of the mesh's code, beside a sidecar at SPIFFE_ENDPOINT_SOCKET.
//
//	mesh-spiffe-client watch N      prints N identities in a row: id, serial number, how many trust domains it trusts
//	mesh-spiffe-client get URL ID   asks over mTLS for a page of whoever proves to be ID
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

type watcher struct {
	left int
	stop context.CancelFunc
}

func (w *watcher) OnX509ContextUpdate(update *workloadapi.X509Context) {
	svid := update.DefaultSVID()
	fmt.Printf("identity %s %x %d\n", svid.ID, svid.Certificates[0].SerialNumber, len(update.Bundles.Bundles()))
	if w.left--; w.left == 0 {
		w.stop()
	}
}

func (w *watcher) OnX509ContextWatchError(err error) { fmt.Println("again:", err) }

func watch(ctx context.Context, count string) error {
	left, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watcher := &watcher{left, stop}
	if err := workloadapi.WatchX509Context(ctx, watcher); watcher.left > 0 {
		return err
	}
	return nil
}

func get(ctx context.Context, url string, id string) error {
	source, err := workloadapi.NewX509Source(ctx)
	if err != nil {
		return err
	}
	defer source.Close()
	server, err := spiffeid.FromString(id)
	if err != nil {
		return err
	}
	tls := tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeID(server))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: tls, ForceAttemptHTTP2: true}}
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	fmt.Println(response.Proto, response.StatusCode, string(body))
	return err
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "watch":
		err = watch(ctx, os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "get":
		err = get(ctx, os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("expected: watch N, or get URL ID")
	}
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}
