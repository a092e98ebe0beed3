import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import org.opensearch.common.logging.LogConfigurator;
import org.opensearch.common.settings.Settings;
import org.opensearch.http.HttpServerTransport;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.transport.Netty4Plugin;

/**
 * A node of OpenSearch on a free port of the loopback address, with its data below a directory. It prints the port on a line of its own, and
 * ends with its standard input, so that it does not outlive whoever has started it.
 */
final class Receiver extends Node {
    private Receiver(Settings settings) {
        super(InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), (Path) null, () -> "receiver"), List.of(Netty4Plugin.class), true);
    }

    public static void main(String[] args) throws Exception {
        if (args.length != 2) {
            throw new IllegalArgumentException("a directory without plugins, and one for data are needed");
        }
        // Standard output is for the port alone: whatever logs there goes to standard error.
        PrintStream out = System.out;
        System.setOut(System.err);
        Settings settings = Settings.builder()
            .put("path.home", args[0])
            .put("path.data", args[1])
            .put("path.logs", args[1])
            .put("network.host", "127.0.0.1")
            .put("http.port", "0")
            .put("transport.port", "0")
            .put("discovery.type", "single-node")
            .put("http.type", "netty4")
            .put("transport.type", "netty4")
            // A test must not fail because the disk of its machine is nearly full.
            .put("cluster.routing.allocation.disk.threshold_enabled", false)
            .build();
        LogConfigurator.configureWithoutConfig(settings);
        try (Receiver node = new Receiver(settings)) {
            node.start();
            out.println(node.port());
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }

    private int port() {
        return injector().getInstance(HttpServerTransport.class).boundAddress().publishAddress().getPort();
    }
}
