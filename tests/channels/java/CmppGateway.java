import com.chinamobile.cmos.sms.SmsDcs;
import com.zx.sms.codec.cmpp.CMPPMessageCodecAggregator;
import com.zx.sms.codec.cmpp.CmppHeaderCodec;
import com.zx.sms.codec.cmpp.msg.CmppActiveTestRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppActiveTestResponseMessage;
import com.zx.sms.codec.cmpp.msg.CmppConnectRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppConnectResponseMessage;
import com.zx.sms.codec.cmpp.msg.CmppDeliverRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppDeliverResponseMessage;
import com.zx.sms.codec.cmpp.msg.CmppReportRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppSubmitRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppSubmitResponseMessage;
import com.zx.sms.codec.cmpp.msg.CmppTerminateRequestMessage;
import com.zx.sms.codec.cmpp.msg.CmppTerminateResponseMessage;
import com.zx.sms.codec.cmpp20.CMPP20MessageCodecAggregator;
import com.zx.sms.common.util.DefaultMsgIdUtil;
import com.zx.sms.common.util.MsgId;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * CMPP gateways for the tests: frames, fields and digests are those of com.chinamobile.cmos:sms-core.
 *
 * <p>The only argument is the path of a Unix socket. Every connection to it is one gateway, commanded by lines of words
 * (start VERSION PORT FILE, stop, cut, deliver TAG FROM UDHI FORMAT HEX, report TAG MSGID STAT) and telling what
 * happens by lines of words (listening, stopped, submit, delivered). What it answers stands in FILE.
 */
public final class CmppGateway {
    private static final String USER = "901234";
    private static final String PASSWORD = "secret";
    private static final String ACCESS = "106900120";
    private static final HexFormat HEX = HexFormat.of();
    private static final Map<String, Integer> RESULTS =
            Map.of("throttle", 8, "reject", 10, "bad_address", 13, "temporary", 20);
    private static final NioEventLoopGroup LOOP = new NioEventLoopGroup(1);

    private final PrintWriter out;
    private final ChannelGroup sessions = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final Map<Integer, String> tags = new ConcurrentHashMap<>();
    private final Map<String, String> destinations = new ConcurrentHashMap<>();
    private volatile Channel last;
    private Channel listening;
    private Path answer;
    private int version;

    private CmppGateway(PrintWriter out) {
        this.out = out;
    }

    public static void main(String[] arguments) throws Exception {
        daemon(CmppGateway::endWithParent);
        try (ServerSocketChannel control = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            control.bind(UnixDomainSocketAddress.of(arguments[0]));
            while (true) {
                SocketChannel connection = control.accept();
                daemon(() -> serve(connection));
            }
        }
    }

    private interface Act {
        void run() throws Exception;
    }

    private static void daemon(Act act) {
        Thread thread = new Thread(() -> {
            try {
                act.run();
            } catch (Exception error) {
                error.printStackTrace();
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void endWithParent() throws Exception {
        while (System.in.read() >= 0) {}
        System.exit(0);
    }

    private static void serve(SocketChannel connection) throws Exception {
        CmppGateway gateway =
                new CmppGateway(new PrintWriter(Channels.newWriter(connection, StandardCharsets.UTF_8), true));
        try (BufferedReader lines = new BufferedReader(Channels.newReader(connection, StandardCharsets.UTF_8))) {
            for (String line; (line = lines.readLine()) != null; ) {
                gateway.obey(line.split(" "));
            }
        } finally {
            gateway.stop();
        }
    }

    private void obey(String[] words) throws Exception {
        switch (words[0]) {
            case "start" -> start(Integer.parseInt(words[1]), Integer.parseInt(words[2]), Path.of(words[3]));
            case "stop" -> {
                stop();
                tell("stopped");
            }
            case "cut" -> sessions.close();
            case "deliver" -> deliver(words);
            case "report" -> report(words);
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    private void start(int version, int port, Path answer) throws Exception {
        this.version = version;
        this.answer = answer;
        ServerBootstrap bootstrap = new ServerBootstrap().group(LOOP).channel(NioServerSocketChannel.class);
        bootstrap.childHandler(new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel session) {
                session.pipeline().addLast(
                        new LengthFieldBasedFrameDecoder(4096, 0, 4, -4, 0, true),
                        new CmppHeaderCodec(),
                        version == 0x20
                                ? CMPP20MessageCodecAggregator.getInstance()
                                : CMPPMessageCodecAggregator.getInstance(),
                        new Session());
            }
        });
        listening = bootstrap.bind("127.0.0.1", port).sync().channel();
        tell("listening " + ((InetSocketAddress) listening.localAddress()).getPort());
    }

    private void stop() throws Exception {
        if (listening != null) {
            listening.close().sync();
            sessions.close().sync();
            listening = null;
        }
    }

    private void deliver(String[] words) {
        CmppDeliverRequestMessage message = handed(words[1], words[2]);
        message.setTpudhi(Short.parseShort(words[3]));
        message.setMsgfmt(new SmsDcs(Byte.parseByte(words[4])));
        byte[] content = HEX.parseHex(words[5]);
        message.setMsgContentBytes(content);
        message.setMsgLength((short) content.length);
        last.writeAndFlush(message);
    }

    private void report(String[] words) throws Exception {
        CmppReportRequestMessage report = new CmppReportRequestMessage();
        report.setMsgId(DefaultMsgIdUtil.bytes2MsgId(HEX.parseHex(words[2])));
        report.setStat(words[3]);
        report.setSubmitTime("2611230801");
        report.setDoneTime("2611230802");
        report.setDestterminalId(destinations.get(words[2]));
        CmppDeliverRequestMessage message = handed(words[1], destinations.get(words[2]));
        message.setMsgId(report.getMsgId());
        message.setReportRequestMessage(report);
        last.writeAndFlush(message);
    }

    private CmppDeliverRequestMessage handed(String tag, String from) {
        CmppDeliverRequestMessage message = new CmppDeliverRequestMessage();
        message.setDestId(ACCESS);
        message.setServiceid("YJ");
        message.setSrcterminalId(from);
        tags.put(message.getHeader().getSequenceId(), tag);
        return message;
    }

    private synchronized void tell(String line) {
        out.println(line);
    }

    /** One connection of an SP. */
    private final class Session extends ChannelInboundHandlerAdapter {
        @Override
        public void channelActive(ChannelHandlerContext context) {
            sessions.add(context.channel());
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
            if (message instanceof CmppConnectRequestMessage connect) {
                connected(context, connect);
            } else if (message instanceof CmppSubmitRequestMessage submit) {
                submitted(context, submit);
            } else if (message instanceof CmppDeliverResponseMessage answered) {
                String tag = tags.remove(answered.getHeader().getSequenceId());
                tell("delivered " + tag + " " + answered.getResult());
            } else if (message instanceof CmppActiveTestRequestMessage test) {
                context.writeAndFlush(new CmppActiveTestResponseMessage(test.getHeader()));
            } else if (message instanceof CmppTerminateRequestMessage goodbye) {
                context.writeAndFlush(new CmppTerminateResponseMessage(goodbye.getHeader()));
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable error) {
            error.printStackTrace();
            context.close();
        }

        private void connected(ChannelHandlerContext context, CmppConnectRequestMessage connect) throws Exception {
            int status = status(connect);
            CmppConnectResponseMessage response = new CmppConnectResponseMessage(connect.getHeader());
            response.setStatus(status);
            response.setVersion((short) version);
            byte[] written = version == 0x20 ? new byte[] {(byte) status} : new byte[] {0, 0, 0, (byte) status};
            response.setAuthenticatorISMG(md5(written, connect.getAuthenticatorSource(), PASSWORD.getBytes()));
            last = context.channel();
            context.writeAndFlush(response);
        }

        private int status(CmppConnectRequestMessage connect) throws Exception {
            String stamp = String.format("%010d", connect.getTimestamp());
            byte[] expected = md5(USER.getBytes(), new byte[9], PASSWORD.getBytes(), stamp.getBytes());
            if (connect.getVersion() != version) {
                return 4;
            }
            boolean known = connect.getSourceAddr().equals(USER)
                    && Arrays.equals(expected, connect.getAuthenticatorSource());
            return known && !Files.readString(answer).equals("credentials") ? 0 : 3;
        }

        private void submitted(ChannelHandlerContext context, CmppSubmitRequestMessage submit) throws Exception {
            String played = Files.readString(answer);
            if (played.equals("silent")) {
                return;
            }
            if (played.equals("drop_before_answer") || played.equals("credentials")) {
                context.close();
                return;
            }
            CmppSubmitResponseMessage response = new CmppSubmitResponseMessage(submit.getHeader());
            response.setMsgId(new MsgId());
            response.setResult(RESULTS.getOrDefault(played, 0));
            if (response.getResult() == 0) {
                took(submit, HEX.formatHex(DefaultMsgIdUtil.msgId2Bytes(response.getMsgId())));
            }
            context.writeAndFlush(response);
        }

        private void took(CmppSubmitRequestMessage submit, String id) {
            destinations.put(id, submit.getDestterminalId()[0]);
            tell(String.join(
                    " ",
                    "submit",
                    "id=" + id,
                    "destination=" + String.join(",", submit.getDestterminalId()),
                    "udhi=" + submit.getTpudhi(),
                    "format=" + submit.getMsgfmt().getValue(),
                    "total=" + submit.getPktotal(),
                    "number=" + submit.getPknumber(),
                    "registered=" + submit.getRegisteredDelivery(),
                    "level=" + submit.getMsglevel(),
                    "service=" + submit.getServiceId(),
                    "company=" + submit.getMsgsrc(),
                    "fee_user=" + submit.getFeeUserType(),
                    "fee_type=" + submit.getFeeType(),
                    "fee_code=" + submit.getFeeCode(),
                    "valid=" + submit.getValIdTime(),
                    "source=" + submit.getSrcId(),
                    "content=" + HEX.formatHex(submit.getMsgContentBytes())));
        }
    }

    private static byte[] md5(byte[]... pieces) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("MD5");
        for (byte[] piece : pieces) {
            digest.update(piece);
        }
        return digest.digest();
    }
}
