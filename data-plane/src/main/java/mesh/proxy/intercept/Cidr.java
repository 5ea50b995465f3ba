package mesh.proxy.intercept;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;

/**
 * A block of addresses.
 *
 * @param text as the filter prints it: bits behind the prefix are 0, IPv6 is shortened (RFC 5952)
 * @param bits length of the prefix; 0 is every address of the family
 */
public record Cidr(IpFamily family, String text, int bits) {

    /** Reads {@code 10.0.0.0/8}, {@code fd00::/8} or one address. @throws IllegalArgumentException naming the text and what was expected */
    public static Cidr parse(String text) {
        int slash = text.indexOf('/');
        byte[] address = NetUtil.createByteArrayFromIpAddressString(slash < 0 ? text : text.substring(0, slash));
        String length = slash < 0 ? "" : text.substring(slash + 1);
        if (address == null || text.indexOf('[') >= 0 || text.indexOf('%') >= 0 || slash >= 0 && !length.matches("[0-9]{1,3}")) throw invalid(text);
        IpFamily family = address.length == IpFamily.IPV4.addressBytes() ? IpFamily.IPV4 : IpFamily.IPV6;
        int bits = slash < 0 ? 8 * address.length : Integer.parseInt(length);
        if (bits > 8 * address.length) throw invalid(text);
        for (int i = 0; i < address.length; i++) {
            int kept = Math.max(0, Math.min(8, bits - 8 * i));
            address[i] &= (byte) (0xff00 >> kept);
        }
        try {
            return new Cidr(family, NetUtil.toAddressString(InetAddress.getByAddress(address)) + "/" + bits, bits);
        } catch (UnknownHostException e) {
            throw invalid(text);
        }
    }

    private static IllegalArgumentException invalid(String text) {
        return new IllegalArgumentException("\"" + text + "\" (expected: a block of addresses such as 10.0.0.0/8 or fd00::/8)");
    }
}
