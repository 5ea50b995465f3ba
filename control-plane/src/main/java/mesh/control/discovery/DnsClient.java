package mesh.control.discovery;

import io.netty.buffer.ByteBuf;
import io.netty.channel.AddressedEnvelope;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.dns.DefaultDnsQuestion;
import io.netty.handler.codec.dns.DefaultDnsRecordDecoder;
import io.netty.handler.codec.dns.DnsRawRecord;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.handler.codec.dns.DnsRecordType;
import io.netty.handler.codec.dns.DnsResponse;
import io.netty.handler.codec.dns.DnsResponseCode;
import io.netty.handler.codec.dns.DnsSection;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStream;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import mesh.model.Address;
import mesh.model.EndpointDiscovery;
import mesh.model.EndpointDiscovery.AddressFamily;

/**
 * Netty's DNS client, asked for packets and not for addresses: records have a time to live, and why there are none is in the packet. It asks by UDP, and
 * again by TCP where an answer was cut off; a name server that fails or says nothing is followed by the next. Names are whole: no search
 * domain is added. Nothing is kept: when to ask again is the caller's to know.
 */
final class DnsClient implements DnsSource {

    /** For each name server. */
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    /** Hosts of one name whose addresses are asked for. */
    private static final int MOST_HOSTS = 100;
    /** From one name to another, of which each may be asked for anew. */
    private static final int MOST_ALIASES = 8;

    private final NioEventLoopGroup loop = new NioEventLoopGroup(1, new DefaultThreadFactory("mesh-dns", true));
    private final DnsServerAddressStreamProvider servers;
    private final DnsNameResolver resolver;

    /** @param servers asked in this order; none for those of the system */
    DnsClient(List<Address> servers) {
        this(servers, PATIENCE);
    }

    DnsClient(List<Address> servers, Duration patience) {
        this.servers = servers.isEmpty() ? DnsServerAddressStreamProviders.platformDefault() : new SequentialDnsServerAddressStreamProvider(
            servers.stream().map(each -> new InetSocketAddress(each.host(), each.port())).toArray(InetSocketAddress[]::new));
        resolver = new DnsNameResolverBuilder(loop.next()).datagramChannelType(NioDatagramChannel.class)
            .socketChannelType(NioSocketChannel.class).queryTimeoutMillis(patience.toMillis()).build();
    }

    /** There are no such records, or it is not known whether there are. */
    private static final class Unanswered extends RuntimeException {

        private static final long serialVersionUID = 1;

        private final transient DnsAnswer answer;

        Unanswered(DnsAnswer answer) {
            super(answer.toString(), null, false, false);
            this.answer = answer;
        }

        static DnsAnswer of(Throwable e) {
            Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
            return cause instanceof Unanswered known ? known.answer : new DnsAnswer.Failed(String.valueOf(cause));
        }

        /** None where there are none, but not where that is not known. */
        static <T> List<T> none(Throwable e) {
            DnsAnswer answer = of(e);
            if (answer instanceof DnsAnswer.None) return List.of();
            throw new Unanswered(answer);
        }
    }

    @Override
    public CompletableFuture<DnsAnswer> ask(EndpointDiscovery.Dns what) {
        CompletableFuture<DnsAnswer> answer = what.isService() ? service(what)
            : host(what.hostname(), what.family()).thenApply(found -> DnsEndpoints.of(what, found));
        return answer.exceptionally(Unanswered::of);
    }

    /** The records, then the addresses of each host in them. One host that is gone leaves the others; one that is not known leaves no answer. */
    private CompletableFuture<DnsAnswer> service(EndpointDiscovery.Dns what) {
        return records(what.hostname(), DnsRecordType.SRV, DnsClient::service).thenCompose(services -> {
            List<String> hosts = services.stream().map(DnsEndpoints.Service::target).filter(host -> !host.equals(".")).distinct().toList();
            if (hosts.size() > MOST_HOSTS) {
                throw new Unanswered(new DnsAnswer.Failed(hosts.size() + " hosts (expected: at most " + MOST_HOSTS + ")"));
            }
            List<CompletableFuture<DnsEndpoints.Host>> asked = hosts.stream().map(host -> host(host, what.family())
                .exceptionally(Unanswered::none).thenApply(addresses -> new DnsEndpoints.Host(host, addresses))).toList();
            return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                .thenApply(done -> DnsEndpoints.of(what, services, asked.stream().map(CompletableFuture::join).toList()));
        });
    }

    private CompletableFuture<List<DnsEndpoints.HostAddress>> host(String name, AddressFamily family) {
        return switch (family) {
            case V4_ONLY -> records(name, DnsRecordType.A, DnsClient::address);
            case V6_ONLY -> records(name, DnsRecordType.AAAA, DnsClient::address);
            case V4_PREFERRED -> records(name, DnsRecordType.A, DnsClient::address).exceptionally(Unanswered::none).thenCompose(v4 -> v4.isEmpty()
                ? records(name, DnsRecordType.AAAA, DnsClient::address) : CompletableFuture.completedFuture(v4));
            case ALL -> {
                var v6 = records(name, DnsRecordType.AAAA, DnsClient::address).exceptionally(Unanswered::none);
                yield records(name, DnsRecordType.A, DnsClient::address).exceptionally(Unanswered::none).thenCombine(v6, (a, b) -> {
                    List<DnsEndpoints.HostAddress> both = new ArrayList<>(a);
                    both.addAll(b);
                    return both;
                });
            }
        };
    }

    /**
     * Of that type, at the end of the aliases (CNAME) that the name has.
     *
     * @param reader of a record and the seconds that it and the way to it are good for
     */
    private <T> CompletableFuture<List<T>> records(String name, DnsRecordType type, Reader<T> reader) {
        return records(name + (name.endsWith(".") ? "" : "."), type, reader, Long.MAX_VALUE, MOST_ALIASES);
    }

    private interface Reader<T> {
        T read(ByteBuf content, long ttl);
    }

    private <T> CompletableFuture<List<T>> records(String name, DnsRecordType type, Reader<T> reader, long ttl, int aliases) {
        DnsServerAddressStream asked = servers.nameServerAddressStream(name);
        return query(asked, asked.size(), name, type, new DnsAnswer.Failed("no name server")).thenCompose(response -> {
            try {
                List<DnsRawRecord> answers = answers(response.content());
                String at = name;
                long good = ttl;
                DnsRawRecord alias = alias(answers, at);
                for (int i = 0; alias != null && i < MOST_ALIASES; i++) {
                    at = DefaultDnsRecordDecoder.decodeName(alias.content().slice());
                    good = Math.min(good, alias.timeToLive());
                    alias = alias(answers, at);
                }
                List<T> found = new ArrayList<>();
                for (DnsRawRecord each : answers) {
                    if (each.type().equals(type) && each.name().equalsIgnoreCase(at)) {
                        found.add(reader.read(each.content().slice(), Math.min(good, each.timeToLive())));
                    }
                }
                if (!found.isEmpty()) return CompletableFuture.completedFuture(found);
                // A server that knows no more than the alias.
                if (!at.equalsIgnoreCase(name) && aliases > 0) return records(at, type, reader, good, aliases - 1);
                throw new Unanswered(new DnsAnswer.None("no " + type.name() + " records"));
            } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
                throw new Unanswered(new DnsAnswer.Failed("a " + type.name() + " record that cannot be read: " + e.getMessage()));
            } finally {
                response.release();
            }
        });
    }

    private static List<DnsRawRecord> answers(DnsResponse response) {
        List<DnsRawRecord> answers = new ArrayList<>();
        for (int i = 0; i < response.count(DnsSection.ANSWER); i++) {
            DnsRecord record = response.recordAt(DnsSection.ANSWER, i);
            if (record instanceof DnsRawRecord raw) answers.add(raw);
        }
        return answers;
    }

    private static DnsRawRecord alias(List<DnsRawRecord> answers, String name) {
        return answers.stream().filter(each -> each.type().equals(DnsRecordType.CNAME) && each.name().equalsIgnoreCase(name)).findFirst().orElse(null);
    }

    /** Of the first server that knows. */
    private CompletableFuture<AddressedEnvelope<DnsResponse, InetSocketAddress>> query(
        DnsServerAddressStream from, int left, String name, DnsRecordType type, DnsAnswer before) {
        CompletableFuture<AddressedEnvelope<DnsResponse, InetSocketAddress>> answer = new CompletableFuture<>();
        if (left == 0) {
            answer.completeExceptionally(new Unanswered(before));
            return answer;
        }
        resolver.query(from.next(), new DefaultDnsQuestion(name, type)).addListener(
            (Future<AddressedEnvelope<DnsResponse, InetSocketAddress>> asked) -> {
                DnsResponseCode code = asked.isSuccess() ? asked.getNow().content().code() : null;
                if (DnsResponseCode.NOERROR.equals(code)) {
                    answer.complete(asked.getNow());
                    return;
                }
                if (code != null) asked.getNow().release();
                if (DnsResponseCode.NXDOMAIN.equals(code)) {
                    answer.completeExceptionally(new Unanswered(new DnsAnswer.None("no such name (NXDOMAIN)")));
                    return;
                }
                DnsAnswer failed = new DnsAnswer.Failed(code == null ? asked.cause().getMessage() : "name server says " + code);
                query(from, left - 1, name, type, failed).whenComplete((next, e) -> {
                    if (e == null) answer.complete(next);
                    else answer.completeExceptionally(e);
                });
            });
        return answer;
    }

    private static DnsEndpoints.HostAddress address(ByteBuf content, long ttl) {
        byte[] bytes = new byte[content.readableBytes()];
        content.readBytes(bytes);
        try {
            return new DnsEndpoints.HostAddress(InetAddress.getByAddress(bytes).getHostAddress(), ttl);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException(bytes.length + " bytes (expected: 4 or 16)", e);
        }
    }

    /** RFC 2782: priority, weight, port, target. */
    private static DnsEndpoints.Service service(ByteBuf in, long ttl) {
        int priority = in.readUnsignedShort();
        int weight = in.readUnsignedShort();
        int port = in.readUnsignedShort();
        return new DnsEndpoints.Service(priority, weight, port, DefaultDnsRecordDecoder.decodeName(in), ttl);
    }

    @Override
    public void close() {
        resolver.close();
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
